import { describeType } from './describe-type.ts';
import { html, type Markup } from './html.ts';
import type { Schema } from './openapi-document.ts';

/** Inline objects are shown this deep; deeper ones say "object". Components are linked, never repeated. */
const DEPTH_MAX = 3;

/** The fields of an object as a table, or what else the schema is. */
export function renderSchema(schema: Schema, depth = 0): Markup {
  if (schema.properties === undefined) return html`<p>${describeType(schema)}</p>`;
  const required = new Set([...(schema.required ?? []), ...(schema['x-required-on-create'] ?? [])]);
  const rows = Object.entries(schema.properties).map(([name, field]) =>
    renderField(name, field, required.has(name), depth),
  );
  if (rows.length === 0) return html`<p class="quiet">No fields.</p>`;
  return html`<table><tbody>${rows}</tbody></table>`;
}

function renderField(name: string, field: Schema, isRequired: boolean, depth: number): Markup {
  const inner = innerObject(field);
  const marks = [
    isRequired ? html` <span class="mark">required</span>` : null,
    field.readOnly === true ? html` <span class="mark quiet">output only</span>` : null,
  ];
  const nested =
    inner !== null && depth < DEPTH_MAX
      ? html`<details><summary>fields</summary>${renderSchema(inner, depth + 1)}</details>`
      : null;
  return html`<tr><th><code>${name}</code>${marks}</th>
<td><div class="type">${describeType(field)}</div>${field.description ?? ''}${nested}</td></tr>`;
}

/** The object that a field is, may be, or is a list of, when its fields stand in place. */
function innerObject(schema: Schema): Schema | null {
  if (schema.properties !== undefined) return schema;
  if (schema.items !== undefined) return innerObject(schema.items);
  for (const branch of schema.anyOf ?? []) {
    const inner = innerObject(branch);
    if (inner !== null) return inner;
  }
  return null;
}
