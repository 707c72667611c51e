import { type ApiError, invalidField } from '../api-error.ts';

/** A 400 about the filter. `at` is the offset in its text; people count from 1. */
export function filterError(message: string, at?: number): ApiError {
  return invalidField(
    'filter',
    at === undefined ? `filter: ${message}` : `filter, column ${at + 1}: ${message}`,
  );
}
