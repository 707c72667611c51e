/**
 * A GGUF file that is not what it should be. The message names the place in the file and what was expected
 * there.
 */
export class GgufError extends Error {
  override readonly name = 'GgufError';
}
