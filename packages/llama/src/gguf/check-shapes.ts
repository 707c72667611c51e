import { GgufError } from './gguf-error.ts';
import { arrayOf, numberOf, numbersOf, textOf } from './metadata-access.ts';
import type { GgufHeader } from './reader.ts';

/** Architectures whose layers have the plain Llama shapes. */
const PLAIN_DECODERS: ReadonlySet<string> = new Set(['llama', 'qwen2', 'qwen3', 'gemma', 'gemma2', 'gemma3']);

/**
 * Checks the shapes of a decoder's matrices against its own hyperparameters. llama.cpp does so too when it
 * loads the file; here it can be told when a model is uploaded, in the sizes that its config.json has. Throws
 * GgufError.
 */
export function checkShapes({ metadata, tensors }: GgufHeader): void {
  const architecture = textOf(metadata, 'general.architecture') ?? '';
  if (!PLAIN_DECODERS.has(architecture)) return;
  const number = (key: string) => numberOf(metadata, `${architecture}.${key}`) ?? 0;
  const heads = numbersOf(metadata, `${architecture}.attention.head_count`)?.[0] ?? 1;
  const kvHeads = numbersOf(metadata, `${architecture}.attention.head_count_kv`)?.[0] ?? heads;
  const hidden = number('embedding_length');
  const headSize = number('attention.key_length') || hidden / heads;
  const feedForward = numbersOf(metadata, `${architecture}.feed_forward_length`)?.[0] ?? 0;
  const vocabulary = arrayOf(metadata, 'tokenizer.ggml.tokens', ['string'])?.length ?? 0;
  // Inputs before outputs, as GGUF has them.
  const expected: Readonly<Record<string, readonly number[]>> = {
    token_embd: [hidden, vocabulary],
    output: [hidden, vocabulary],
    output_norm: [hidden],
    attn_norm: [hidden],
    attn_q: [hidden, heads * headSize],
    attn_k: [hidden, kvHeads * headSize],
    attn_v: [hidden, kvHeads * headSize],
    attn_output: [heads * headSize, hidden],
    ffn_norm: [hidden],
    ffn_gate: [hidden, feedForward],
    ffn_up: [hidden, feedForward],
    ffn_down: [feedForward, hidden],
  };
  for (const { name, shape } of tensors) {
    const [, part = ''] = /^(?:blk\.\d+\.)?(\w+)\.weight$/.exec(name) ?? [];
    const wanted = Object.hasOwn(expected, part) ? expected[part] : undefined;
    if (wanted === undefined || String(shape) === String(wanted)) continue;
    throw new GgufError(
      `the weight ${name} has the shape [${shape.toReversed()}], and the configuration says [${wanted.toReversed()}]`,
    );
  }
}
