/** A byte-level BPE vocabulary, as GGUF stores it. */
export interface TinyVocabulary {
  readonly tokens: readonly string[];
  /** 1: normal, 3: control. */
  readonly types: readonly number[];
  readonly merges: readonly string[];
  readonly special: Readonly<Record<(typeof SPECIAL_TOKENS)[number], number>>;
}

const SPECIAL_TOKENS = [
  '<|endoftext|>',
  '<|im_start|>',
  '<|im_end|>',
  '<|pad|>',
  '<|fim_prefix|>',
  '<|fim_suffix|>',
  '<|fim_middle|>',
] as const;

/** Frequent pairs of English and JSON; `_` stands for the space. In order of rank. */
const MERGES = (
  't+h th+e i+n a+n an+d e+r o+n r+e h+e o+u in+g l+l s+t o+r e+n a+t e+s _+t _t+he _+a _+w _+s _+b _+and _+o _+c ' +
  '"+: "+, t+r tr+u tru+e n+u nu+ll _+i _+m'
).split(' ');

/**
 * 256 byte tokens, some merges, control tokens (ChatML and fill-in-the-middle), and with `size` further
 * unused normal tokens up to that number. Throws RangeError when `size` is too small.
 */
export function makeVocabulary(size?: number): TinyVocabulary {
  const characters = byteCharacters();
  const space = characters[32] ?? '';
  const merges = MERGES.map((pair) => pair.replaceAll('_', space).replace('+', ' '));
  const tokens = [...new Set([...characters, ...merges.map((pair) => pair.replace(' ', ''))])];
  const types = tokens.map(() => 1);
  const special = {} as Record<(typeof SPECIAL_TOKENS)[number], number>;
  for (const token of SPECIAL_TOKENS) {
    special[token] = tokens.length;
    tokens.push(token);
    types.push(3);
  }
  if (size !== undefined && size < tokens.length) {
    throw new RangeError(`a tiny model's vocabulary has at least ${tokens.length} tokens, not ${size}`);
  }
  while (tokens.length < (size ?? 0)) {
    tokens.push(`<|unused_${tokens.length}|>`);
    types.push(1);
  }
  return { tokens, types, merges, special };
}

/** GPT-2's printable character for each byte: itself where it prints, else one from U+0100 up. */
export function byteCharacters(): string[] {
  const prints = (byte: number): boolean =>
    (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || (byte >= 174 && byte <= 255);
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(prints(byte) ? byte : next++));
}
