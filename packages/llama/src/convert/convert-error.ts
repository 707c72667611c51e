/** A model folder that cannot be converted. The message names the file and field, and what is supported. */
export class ConvertError extends Error {
  override readonly name = 'ConvertError';
}
