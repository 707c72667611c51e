import type { FieldSchema } from '../contract.ts';
import { formatValue, isUnset } from './print-resource.ts';

/** Fields worth a column, most telling first; a table shows those that its resource has. */
const telling = [
  'name',
  'keyId',
  'createTime',
  'email',
  'role',
  'model',
  'baseModel',
  'deployment',
  'dataset',
  'kind',
  'state',
  'default',
  'value',
  'maxValue',
  'usage',
  'replicaCount',
  'acceleratorType',
  'acceleratorCount',
  'exampleCount',
  'prefix',
  'lastUseTime',
  'expireTime',
  'amountUsd',
  'dueUsd',
  'paidUsd',
  'description',
];

const columnsMax = 7;

/** Columns of a resource's table. */
export function planColumns(schema: FieldSchema): string[] {
  return telling.filter((field) => schema.properties?.[field] !== undefined).slice(0, columnsMax);
}

/** A table with a heading; columns two spaces apart, as wide as their content. */
export function formatTable(
  columns: readonly string[],
  rows: readonly Readonly<Record<string, unknown>>[],
): string {
  const cells = rows.map((row) => columns.map((column) => formatCell(column, row)));
  const headings = columns.map((column) => column.replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2').toUpperCase());
  const widths = headings.map((heading, i) =>
    Math.max(heading.length, ...cells.map((row) => row[i]!.length)),
  );
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, i) => text.padEnd(widths[i]!))
      .join('  ')
      .trimEnd();
  return [line(headings), ...cells.map(line)].join('\n');
}

function formatCell(column: string, row: Readonly<Record<string, unknown>>): string {
  const value = row[column];
  if (isUnset(value)) return '';
  const text = formatValue(value, 0).replaceAll(/\s+/g, ' ');
  if (column === 'name') return formatId(text, row.displayName);
  return text;
}

/** `Code Llama 13B (code-llama-13b)`, as the guides' lists have it; `get` shows full names. */
function formatId(name: string, displayName: unknown): string {
  const id = name.split('/').at(-1)!;
  return typeof displayName === 'string' && displayName !== '' ? `${displayName} (${id})` : id;
}
