import type { Trigger } from './stage.ts';
import { isBlank, toByteText, trimBlanks } from './token-bytes.ts';

/** Stands in front of the tail of a text that has begun; no text holds it. */
const BEGUN = '\u0100';

/** The trigger that is complete first in the text, and where it ends. */
export function findTrigger(
  triggers: readonly Trigger[],
  text: string,
): { readonly trigger: Trigger; readonly end: number } | null {
  let first: { trigger: Trigger; end: number } | null = null;
  for (const trigger of triggers) {
    const wanted = toByteText(trigger.text);
    const place = text.indexOf(wanted);
    if (place < 0 || (trigger.onlyFirst && !isBlank(text.slice(0, place)))) continue;
    const end = place + wanted.length;
    if (first === null || end < first.end) first = { trigger, end };
  }
  return first;
}

/** The end of a text without a complete trigger: as much as one may still begin in. */
export function keepTail(triggers: readonly Trigger[], text: string): string {
  const lead = trimBlanks(text);
  if (triggers.some((trigger) => trigger.onlyFirst && toByteText(trigger.text).startsWith(lead))) return text;
  // The text has begun otherwise, which the mark in front says.
  const length = Math.max(...triggers.map((trigger) => toByteText(trigger.text).length));
  return BEGUN + text.replaceAll(BEGUN, '').slice(-length);
}
