import { encodeFloats } from '../checkpoint/floats.ts';
import { float32, string } from '../gguf/value.ts';
import { type TensorToWrite, writeGguf } from '../gguf/writer.ts';
import { makeNormalSource } from './random.ts';
import { resolveTinyShape, type TinyModelOptions } from './tiny-model.ts';

/** The shape must be that of the model the adapter is for. */
export interface TinyAdapterOptions extends TinyModelOptions {
  readonly rank?: number;
  readonly alpha?: number;
}

/** Writes a random LoRA adapter (GGUF) for a tiny model: on attention's q and v and on ffn_down of each layer. */
export async function writeTinyAdapter(
  path: string,
  options: TinyAdapterOptions = {},
): Promise<{ bytes: number }> {
  const { rank = 4, alpha = 8, name = 'tiny-adapter' } = options;
  const { dim, layers, heads, kvHeads, feedForward } = resolveTinyShape(options);
  const normal = makeNormalSource(options.seed ?? 7);
  const random = (count: number, deviation: number): Uint8Array =>
    encodeFloats(
      Float64Array.from({ length: count }, () => normal() * deviation),
      'f32',
    );
  const pair = (base: string, inputs: number, outputs: number): TensorToWrite[] => [
    {
      name: `${base}.lora_a`,
      shape: [inputs, rank],
      type: 'f32',
      data: () => random(inputs * rank, inputs ** -0.5),
    },
    // Not zero as before training: the adapter is there to change the logits visibly.
    { name: `${base}.lora_b`, shape: [rank, outputs], type: 'f32', data: () => random(outputs * rank, 0.5) },
  ];
  const tensors = Array.from({ length: layers }, (_, layer) => [
    ...pair(`blk.${layer}.attn_q.weight`, dim, dim),
    ...pair(`blk.${layer}.attn_v.weight`, dim, (dim / heads) * kvHeads),
    ...pair(`blk.${layer}.ffn_down.weight`, feedForward, dim),
  ]);
  const metadata = new Map([
    ['general.type', string('adapter')],
    ['general.architecture', string('llama')],
    ['general.name', string(name)],
    ['adapter.type', string('lora')],
    ['adapter.lora.alpha', float32(alpha)],
  ]);
  return await writeGguf(path, metadata, tensors.flat());
}
