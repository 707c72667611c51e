import { invalidField } from '@sparkler/api';

/** Deeper than any schema, and far from what a stack takes. */
const depthMax = 64;

/**
 * Throws ApiError (400) for text that Postgres can not hold: with the character NUL, or with half of a
 * surrogate pair, which no UTF-8 has but JSON can say. Also for nesting that nothing could read.
 */
export function refuseOddText(value: unknown, field = '', depth = 0): void {
  if (typeof value === 'string') {
    if (value.includes('\0'))
      throw invalidField(field, `${field || 'the body'}: text holds the character NUL`);
    if (!value.isWellFormed())
      throw invalidField(
        field,
        `${field || 'the body'}: text holds half of a surrogate pair, which is no character`,
      );
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  if (depth === depthMax) {
    const [top = ''] = field.split('.', 1);
    throw invalidField(top, `${top || 'the body'} is nested deeper than ${depthMax} levels`);
  }
  for (const [key, item] of Object.entries(value)) {
    refuseOddText(key, field, depth);
    refuseOddText(item, field === '' ? key : `${field}.${key}`, depth + 1);
  }
}
