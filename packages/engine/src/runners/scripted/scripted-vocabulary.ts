import type { ModelTokenizer } from '../../core/model-runner.ts';

/**
 * Tokens 0 … 255 are bytes; these follow. Further ids up to the vocabulary's size are reserved control
 * tokens.
 */
const CONTROL_TOKENS = [
  '<s>',
  '</s>',
  '<|im_start|>',
  '<|im_end|>',
  '<|fim_prefix|>',
  '<|fim_suffix|>',
  '<|fim_middle|>',
];

export const SCRIPTED_TOKENS = { bos: 256, eos: 257, imStart: 258, imEnd: 259 } as const;
/** Smallest vocabulary: bytes and control tokens. */
export const SCRIPTED_VOCABULARY_MIN = 256 + CONTROL_TOKENS.length;

/** A byte-level tokenizer: every text has exactly one encoding, and any byte can be generated. */
export function createScriptedTokenizer(vocabularySize: number): ModelTokenizer {
  const encoder = new TextEncoder();
  const names = CONTROL_TOKENS.map((name, i) => ({ name, token: 256 + i }));
  const isControl = (token: number): boolean => token >= 256;
  return {
    vocabularySize,
    bosToken: SCRIPTED_TOKENS.bos,
    eosToken: SCRIPTED_TOKENS.eos,
    endTokens: [SCRIPTED_TOKENS.eos, SCRIPTED_TOKENS.imEnd],
    addsBos: true,
    encode(text, { addSpecial, parseSpecial }) {
      const tokens: number[] = addSpecial ? [SCRIPTED_TOKENS.bos] : [];
      for (const piece of parseSpecial ? splitAtControls(text, names) : [text]) {
        if (typeof piece === 'number') tokens.push(piece);
        else for (const byte of encoder.encode(piece)) tokens.push(byte);
      }
      return tokens;
    },
    tokenBytes(token, special = false) {
      if (token < 256) return Uint8Array.of(token);
      if (!special) return new Uint8Array(0);
      return encoder.encode(CONTROL_TOKENS[token - 256] ?? `<|reserved_${token}|>`);
    },
    isControl,
  };
}

function splitAtControls(
  text: string,
  names: readonly { name: string; token: number }[],
): (string | number)[] {
  const pieces: (string | number)[] = [];
  let start = 0;
  for (let i = text.indexOf('<'); i >= 0; i = text.indexOf('<', i + 1)) {
    const found = names.find(({ name }) => text.startsWith(name, i));
    if (found === undefined) continue;
    if (i > start) pieces.push(text.slice(start, i));
    pieces.push(found.token);
    start = i + found.name.length;
    i = start - 1;
  }
  if (start < text.length) pieces.push(text.slice(start));
  return pieces;
}
