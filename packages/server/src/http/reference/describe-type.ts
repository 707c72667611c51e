import { html, type Markup } from './html.ts';
import { componentOf, type Schema } from './openapi-document.ts';

/** What a value may be, in a few words; components are links. */
export function describeType(schema: Schema): Markup {
  if (schema.$ref !== undefined) {
    const name = componentOf(schema.$ref);
    return html`<a href="#schema-${name}">${name}</a>`;
  }
  if (schema.anyOf !== undefined) return describeChoice(schema.anyOf);
  if (schema.const !== undefined) return html`<code>${JSON.stringify(schema.const)}</code>`;
  if (schema.enum !== undefined) {
    return joinMarkup(
      schema.enum.map((value) => html`<code>${JSON.stringify(value)}</code>`),
      ' | ',
    );
  }
  if (schema.type === 'array')
    return html`array of ${describeType(schema.items ?? {})}${describeBounds(schema)}`;
  if (schema.type === undefined) return html`any JSON value`;
  return html`${[schema.type].flat().join(' or ')}${describeBounds(schema)}`;
}

function describeChoice(branches: readonly Schema[]): Markup {
  const values = branches.filter((branch) => branch.type !== 'null');
  const optional = values.length < branches.length ? html` <span class="quiet">or null</span>` : null;
  return html`${joinMarkup(values.map(describeType), ' or ')}${optional}`;
}

/** Bounds worth showing; those that only mean "a safe integer" are left out. */
function describeBounds(schema: Schema): Markup | null {
  const parts: string[] = [];
  const range = (low: number | undefined, high: number | undefined, unit: string) => {
    const top = high !== undefined && high >= Number.MAX_SAFE_INTEGER ? undefined : high;
    const bottom = low !== undefined && low <= Number.MIN_SAFE_INTEGER ? undefined : low;
    if (bottom !== undefined && top !== undefined) parts.push(`${bottom} to ${top}${unit}`);
    else if (bottom !== undefined) parts.push(`${bottom} or more${unit}`);
    else if (top !== undefined) parts.push(`up to ${top}${unit}`);
  };
  range(schema.minimum, schema.maximum, '');
  range(schema.minLength, schema.maxLength, ' characters');
  range(schema.minItems, schema.maxItems, ' items');
  return parts.length === 0 ? null : html` <span class="quiet">${parts.join(', ')}</span>`;
}

export function joinMarkup(parts: readonly Markup[], separator: string): Markup {
  return html`${parts.map((part, index) => (index === 0 ? part : html`${separator}${part}`))}`;
}
