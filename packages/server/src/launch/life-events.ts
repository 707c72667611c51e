import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/**
 * What an engine process tells on standard output, one JSON object a line; the part of it that launching
 * needs.
 */
export type LifeEvent =
  | { readonly event: 'loading'; readonly fraction: number }
  | { readonly event: 'ready' }
  | { readonly event: 'fatal'; readonly message: string };

/**
 * Reads life events until the stream ends. Lines that are none of them are somebody's debugging and are
 * skipped.
 */
export function readLifeEvents(output: Readable, onEvent: (event: LifeEvent) => void): void {
  createInterface({ input: output, crlfDelay: Number.POSITIVE_INFINITY }).on('line', (line) => {
    const event = parseLifeEvent(line);
    if (event) onEvent(event);
  });
}

/** Null when the line is no event that is known here. */
export function parseLifeEvent(line: string): LifeEvent | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  const { event, fraction, message } = (value ?? {}) as Record<string, unknown>;
  if (event === 'ready') return { event };
  if (event === 'loading' && typeof fraction === 'number') return { event, fraction };
  if (event === 'fatal' && typeof message === 'string') return { event, message };
  return null;
}
