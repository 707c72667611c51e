/**
 * Something about llama.cpp went wrong in a way the caller can act on; the message says what, where and what
 * to do.
 */
export class LlamaError extends Error {
  override readonly name: string = 'LlamaError';
}

/** A computation failed inside llama.cpp: the state of the context is lost, reload the model. */
export class LlamaComputeError extends LlamaError {
  override readonly name = 'LlamaComputeError';
}
