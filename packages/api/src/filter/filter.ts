import type { Field } from '../field-types.ts';

/**
 * A filter whose fields are known and whose values have the fields' types; what the store compiles to SQL and
 * matches-filter.ts runs in memory. Unset fields have their zero value ("" 0 false), except times, durations
 * and messages, which are null: null equals only null, and is neither less nor more than anything.
 */
export type Filter =
  | { readonly kind: 'and' | 'or'; readonly of: readonly Filter[] }
  | { readonly kind: 'not'; readonly of: Filter }
  /** `value` null: only with '=' and '!='. Order is by code point for text, by time, by length, by number. */
  | {
      readonly kind: 'compare';
      readonly field: Field;
      readonly operator: '=' | '!=' | '<' | '<=' | '>' | '>=';
      readonly value: FilterValue;
    }
  /** Text against a pattern with wildcards: pieces that follow each other with anything between them. */
  | {
      readonly kind: 'like';
      readonly field: Field;
      readonly pieces: readonly string[];
      readonly isNegated: boolean;
    }
  /** Text holds this text, ignoring (ASCII and Unicode simple) case. */
  | { readonly kind: 'contains'; readonly field: Field; readonly text: string }
  /** A list has this element. */
  | { readonly kind: 'has-element'; readonly field: Field; readonly value: FilterValue }
  /** A map has this key. */
  | { readonly kind: 'has-key'; readonly field: Field; readonly key: string }
  /** The field is set to something other than its zero value. */
  | { readonly kind: 'is-set'; readonly field: Field };

/** Times are milliseconds since 1970; durations seconds; int64 bigint. */
export type FilterValue = string | number | bigint | boolean | null;
