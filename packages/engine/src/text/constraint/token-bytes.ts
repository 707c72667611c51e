import type { ModelTokenizer } from '../../core/model-runner.ts';

/** Bytes of a token as a string with one character a byte, so that half characters can be compared too. */
export function readBytes(tokenizer: ModelTokenizer, token: number): string {
  return Buffer.from(tokenizer.tokenBytes(token, true)).toString('latin1');
}

/** A text as `readBytes` would write its bytes. */
export function toByteText(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** Nothing but spaces and line breaks. */
export function isBlank(bytes: string): boolean {
  return /^[ \t\r\n]*$/.test(bytes);
}

export function trimBlanks(bytes: string): string {
  return bytes.replace(/^[ \t\r\n]+/, '');
}

/** Tokens whose bytes fit; searched once per model and name. */
export function findTokens(
  tokenizer: ModelTokenizer,
  name: string,
  fits: (bytes: string) => boolean,
): readonly number[] {
  const known = lists.get(tokenizer) ?? new Map<string, number[]>();
  lists.set(tokenizer, known);
  const found = known.get(name);
  if (found !== undefined) return found;
  const list: number[] = [];
  for (let token = 0; token < tokenizer.vocabularySize; token++) {
    if (fits(readBytes(tokenizer, token))) list.push(token);
  }
  known.set(name, list);
  return list;
}

const lists = new WeakMap<ModelTokenizer, Map<string, number[]>>();
