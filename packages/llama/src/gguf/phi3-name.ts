/** Tokens that llama.cpp looks up, unasked, in every model whose name looks like Phi-3's. */
const LOOKED_UP = ['</s>', '<unk>', '<s>', '<|endoftext|>'];

/**
 * Whether llama.cpp takes a model for Phi-3 by its name: spaces after its special tokens are then dropped.
 */
export function looksLikePhi3(name: string): boolean {
  return /phi-?3/i.test(name);
}

/** The first of the tokens that such a model needs and this vocabulary lacks. */
export function findMissingPhi3Token(tokens: readonly string[]): string | undefined {
  const known = new Set(tokens);
  return LOOKED_UP.find((token) => !known.has(token));
}
