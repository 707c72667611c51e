import { UsageError } from '../exit-codes.ts';
import type { FieldFlag } from './derive-flags.ts';
import { parseDuration } from './duration.ts';

/** Values that commander collected, by camelCase name. */
export type RawFlags = Readonly<Record<string, unknown>>;

/** The part of a resource that the given flags describe. Throws UsageError naming flag and value. */
export function readFlags(flags: readonly FieldFlag[], raw: RawFlags): Record<string, unknown> {
  const resource: Record<string, unknown> = {};
  for (const flag of flags) {
    const value = raw[toCamelCase(flag.name)];
    if (value === undefined) continue;
    place(resource, flag.path, readValue(flag, value));
  }
  return resource;
}

function readValue(flag: FieldFlag, value: unknown): unknown {
  const label = `--${flag.name}`;
  if (flag.type === 'bool') return readBoolean(label, value);
  const text = String(value);
  if (flag.choices !== null) return readChoice(label, text, flag.choices);
  switch (flag.type) {
    case 'int32':
      return readNumber(label, text, /^-?\d+(\.0+)?$/, 'a whole number');
    case 'float':
      return readNumber(label, text, /^-?\d+(\.\d+)?(e-?\d+)?$/i, 'a number');
    case 'int64':
      return String(readNumber(label, text, /^-?\d+$/, 'a whole number'));
    case 'duration':
      return parseDuration(text, label);
    case 'strings':
      return text.split(',').map((part) => part.trim());
    case 'map':
      return Object.fromEntries(text.split(',').map((part) => readPair(label, part)));
    case 'json':
      return readJson(label, text);
    default:
      return text;
  }
}

function readBoolean(label: string, value: unknown): boolean {
  if (value === true || value === 'true') return true;
  if (value === false || value === 'false') return false;
  throw new UsageError(`${label}: '${String(value)}' is neither true nor false`);
}

function readChoice(label: string, text: string, choices: readonly string[]): string {
  const fold = (word: string): string => word.toLowerCase().replaceAll('-', '_');
  const found = choices.find((choice) => fold(choice) === fold(text));
  if (found === undefined) throw new UsageError(`${label}: '${text}' is not one of ${choices.join(', ')}`);
  return found;
}

function readNumber(label: string, text: string, pattern: RegExp, what: string): number {
  if (!pattern.test(text)) throw new UsageError(`${label}: '${text}' is not ${what}`);
  return Number(text);
}

function readPair(label: string, part: string): [string, unknown] {
  const at = part.indexOf('=');
  if (at < 1) throw new UsageError(`${label}: '${part}' is not key=value`);
  const value = part.slice(at + 1);
  return [part.slice(0, at), value !== '' && Number.isFinite(Number(value)) ? Number(value) : value];
}

function readJson(label: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${label}: not JSON (${(error as Error).message})`);
  }
}

function place(resource: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [first, ...rest] = path;
  if (rest.length === 0) resource[first!] = value;
  else {
    const inner = (resource[first!] ?? {}) as Record<string, unknown>;
    resource[first!] = inner;
    place(inner, rest, value);
  }
}

export function toCamelCase(name: string): string {
  return name.replaceAll(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
