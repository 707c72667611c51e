import { GgufError } from './gguf-error.ts';
import { flagOf, numberOf } from './metadata-access.ts';
import type { GgufMetadata } from './value.ts';

/** The special tokens that llama.cpp assumes where the file names none, by tokenizer. */
const DEFAULT_IDS: Readonly<Record<string, Partial<Record<SpecialName, number>>>> = {
  llama: { bos: 1, eos: 2 },
  bert: { bos: 101, seperator: 102 },
  gpt2: { bos: 11, eos: 11 },
  t5: { eos: 1 },
};

type SpecialName = 'bos' | 'eos' | 'seperator';

const OTHER_NAMES = ['eot', 'eom', 'unknown', 'padding', 'mask', 'bos', 'eos', 'seperator'];
/** What llama.cpp writes for "none". */
const NONE = 2 ** 32 - 1;

/** Refuses ids outside the vocabulary, and tokens that are to be put around a text but do not exist. */
export function checkSpecialTokens(metadata: GgufMetadata, model: string, tokens: number): void {
  for (const name of OTHER_NAMES) {
    const key = `tokenizer.ggml.${name}_token_id`;
    const id = numberOf(metadata, key);
    // llama.cpp ignores such an id, and the model then never ends its answers.
    if (id !== undefined && id >= tokens && id !== NONE) {
      throw new GgufError(`${key} is ${id}, but there are ${tokens} tokens`);
    }
  }
  for (const name of listSurrounding(metadata, model)) {
    const key = `tokenizer.ggml.${name}_token_id`;
    const stored = numberOf(metadata, key);
    const id = stored === undefined || stored === NONE ? DEFAULT_IDS[model]?.[name] : stored;
    if (id === undefined || id >= tokens) {
      throw new GgufError(`${key} must name a token, as one is put around each text (0 … ${tokens - 1})`);
    }
  }
}

/** Which tokens are put around a text: as the file says, else as llama.cpp does for the tokenizer. */
function listSurrounding(metadata: GgufMetadata, model: string): SpecialName[] {
  if (model === 'bert') return ['bos', 'seperator'];
  const addsBos = flagOf(metadata, 'tokenizer.ggml.add_bos_token') ?? model === 'llama';
  const addsEos = flagOf(metadata, 'tokenizer.ggml.add_eos_token') ?? model === 't5';
  return [...(addsBos ? (['bos'] as const) : []), ...(addsEos ? (['eos'] as const) : [])];
}
