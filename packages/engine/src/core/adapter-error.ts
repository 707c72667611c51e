/** An adapter that cannot be loaded. The message says what was wrong, where, and what to do. */
export class AdapterError extends Error {
  override readonly name = 'AdapterError';
}
