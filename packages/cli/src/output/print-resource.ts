import { formatDuration } from '../flags/duration.ts';
import type { Session } from '../session.ts';

/** Prints one resource as the guides show it (`Name: …`), or as JSON with `-o json`. */
export function printResource(session: Session, resource: unknown): void {
  if (session.flags.output === 'json') session.streams.out(JSON.stringify(resource, null, 2));
  else session.streams.out(formatResource(resource as Record<string, unknown>));
}

/** One line a field that is set; nested messages in braces, lists of them in brackets. */
export function formatResource(resource: Readonly<Record<string, unknown>>): string {
  return Object.entries(resource)
    .filter(([, value]) => !isUnset(value))
    .map(([key, value]) => `${toLabel(key)}:${isMessages(value) ? '\n' : ' '}${formatValue(value, 0)}`)
    .join('\n');
}

/** `Deployed Model Refs` of `deployedModelRefs`. */
export function toLabel(key: string): string {
  const words = key.replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function isUnset(value: unknown): boolean {
  if (value === null || value === undefined || value === '' || value === false || value === 0) return true;
  if (typeof value === 'string') return value.endsWith('_UNSPECIFIED') || value === '0';
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === 'object' && Object.values(value).every(isUnset);
}

/** Lists of messages begin on a line of their own, as in the guides (Deployed Model Refs). */
function isMessages(value: unknown): boolean {
  return Array.isArray(value) && value.some((item) => typeof item === 'object' && item !== null);
}

export function formatValue(value: unknown, depth: number): string {
  if (Array.isArray(value)) {
    if (value.every((item) => typeof item !== 'object' || item === null)) return value.join(', ');
    return `[${value.map((item) => formatValue(item, depth)).join(',\n')}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const lines = Object.entries(value)
      .filter(([, inner]) => !isUnset(inner))
      .map(([key, inner]) => `${'  '.repeat(depth + 1)}${toLabel(key)}: ${formatValue(inner, depth + 1)}`);
    return `{\n${lines.join('\n')}\n${'  '.repeat(depth)}}`;
  }
  if (typeof value === 'string') return formatText(value);
  return String(value);
}

function formatText(value: string): string {
  if (/^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value)) return value.replace('T', ' ').replace(/\.\d+Z$|Z$/, '');
  return /^\d+(\.\d+)?s$/.test(value) ? formatDuration(value) : value;
}
