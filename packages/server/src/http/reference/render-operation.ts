import { buildExample } from './build-example.ts';
import { describeType } from './describe-type.ts';
import { html, type Markup } from './html.ts';
import {
  type Content,
  componentOf,
  type OpenApiDocument,
  type Operation,
  type OperationResponse,
} from './openapi-document.ts';
import { renderSchema } from './render-schema.ts';

/** One operation: what it does, what it takes, what it answers, and how to call it. */
export function renderOperation(
  document: OpenApiDocument,
  method: string,
  path: string,
  operation: Operation,
): Markup {
  const { operationId, summary, parameters = [], requestBody } = operation;
  const searched = `${method} ${path} ${operationId} ${summary ?? ''}`.toLowerCase();
  return html`<section class="operation" id="${operationId}" data-search="${searched}">
<h3><a href="#${operationId}"><span class="method ${method}">${method.toUpperCase()}</span> <code>${path}</code></a></h3>
<p>${summary ?? ''}</p>
${parameters.length === 0 ? null : html`<h4>Parameters</h4>${renderParameters(parameters)}`}
${requestBody === undefined ? null : html`<h4>Request body</h4>${renderBody(document, requestBody.content)}`}
<h4>Answer</h4>${Object.entries(operation.responses).map(([status, response]) => renderResponse(status, response))}
<details class="example"><summary>Example</summary><pre>${buildExample(document, method, path, operation)}</pre></details>
</section>`;
}

function renderParameters(parameters: NonNullable<Operation['parameters']>): Markup {
  const rows = parameters.map(
    (
      parameter,
    ) => html`<tr><th><code>${parameter.name}</code> <span class="mark quiet">${parameter.in}</span></th>
<td><div class="type">${describeType(parameter.schema)}</div>${parameter.description ?? ''}</td></tr>`,
  );
  return html`<table><tbody>${rows}</tbody></table>`;
}

/** The fields of a body in place, also when it is a component: what to send is what people look for. */
function renderBody(document: OpenApiDocument, content: Content): Markup {
  return html`${Object.entries(content).map(([type, { schema }]) => {
    const shown =
      schema.$ref === undefined ? schema : (document.components.schemas[componentOf(schema.$ref)] ?? schema);
    return html`<p class="quiet">${type}</p>${renderSchema(shown)}`;
  })}`;
}

function renderResponse(status: string, response: OperationResponse): Markup {
  const named = status === 'default' ? 'Otherwise' : status;
  if (response.$ref !== undefined) {
    return html`<p><strong>${named}</strong> ${describeType({ $ref: response.$ref })}</p>`;
  }
  const kinds = Object.entries(response.content ?? {}).map(
    ([type, { schema }]) => html`<div>${describeType(schema)} <span class="quiet">${type}</span></div>`,
  );
  return html`<p><strong>${named}</strong> ${response.description ?? ''}</p>${kinds}`;
}
