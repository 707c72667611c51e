import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeFloats } from '../checkpoint/floats.ts';
import { writeSafetensors } from '../checkpoint/write-safetensors.ts';
import { float32, string } from '../gguf/value.ts';
import { writeGguf } from '../gguf/writer.ts';
import { makeNormalSource } from './random.ts';
import { resolveTinyShape, type TinyModelOptions, type TinyShape } from './tiny-model.ts';

const MODULES = {
  q_proj: { gguf: 'attn_q', module: 'self_attn.q_proj' },
  k_proj: { gguf: 'attn_k', module: 'self_attn.k_proj' },
  v_proj: { gguf: 'attn_v', module: 'self_attn.v_proj' },
  o_proj: { gguf: 'attn_output', module: 'self_attn.o_proj' },
  gate_proj: { gguf: 'ffn_gate', module: 'mlp.gate_proj' },
  up_proj: { gguf: 'ffn_up', module: 'mlp.up_proj' },
  down_proj: { gguf: 'ffn_down', module: 'mlp.down_proj' },
} as const;

export type TinyTarget = keyof typeof MODULES;

/** The shape must be that of the model the adapter is for. */
export interface TinyAdapterOptions extends TinyModelOptions {
  readonly rank?: number;
  readonly alpha?: number;
  /** All seven by default. */
  readonly targets?: readonly TinyTarget[];
}

interface Matrices {
  readonly layer: number;
  readonly target: TinyTarget;
  readonly inputs: number;
  readonly outputs: number;
  /** [rank, inputs] and [outputs, rank], row-major, in GGUF's order of rows. */
  readonly a: Float64Array;
  readonly b: Float64Array;
}

/** Writes a random LoRA adapter for a tiny model as GGUF, the form llama.cpp loads. */
export async function writeTinyAdapter(
  path: string,
  options: TinyAdapterOptions = {},
): Promise<{ bytes: number }> {
  const { rank = 4, alpha = 8, name = 'tiny-adapter' } = options;
  const tensors = drawMatrices(options).flatMap(({ layer, target, inputs, outputs, a, b }) => {
    const base = `blk.${layer}.${MODULES[target].gguf}.weight`;
    return [
      { name: `${base}.lora_a`, shape: [inputs, rank], type: 'f32', data: () => encodeFloats(a, 'f32') },
      { name: `${base}.lora_b`, shape: [rank, outputs], type: 'f32', data: () => encodeFloats(b, 'f32') },
    ];
  });
  const metadata = new Map([
    ['general.type', string('adapter')],
    ['general.architecture', string('llama')],
    ['general.name', string(name)],
    ['adapter.type', string('lora')],
    ['adapter.lora.alpha', float32(alpha)],
  ]);
  return await writeGguf(path, metadata, tensors);
}

/** Writes the same adapter as a PEFT folder: adapter_config.json and adapter_model.safetensors. */
export async function writeTinyPeftFolder(folder: string, options: TinyAdapterOptions = {}): Promise<void> {
  const { rank = 4, alpha = 8, targets = Object.keys(MODULES) } = options;
  const shape = resolveTinyShape(options);
  const tensors = drawMatrices(options).flatMap(({ layer, target, inputs, outputs, a, b }) => {
    const base = `base_model.model.model.layers.${layer}.${MODULES[target].module}`;
    const rows = target === 'q_proj' || target === 'k_proj' ? splitPairs(b, outputs, rank, shape) : b;
    return [
      { name: `${base}.lora_A.weight`, shape: [rank, inputs], type: 'f32', data: encodeFloats(a, 'f32') },
      { name: `${base}.lora_B.weight`, shape: [outputs, rank], type: 'f32', data: encodeFloats(rows, 'f32') },
    ] as const;
  });
  await mkdir(folder, { recursive: true });
  await writeSafetensors(join(folder, 'adapter_model.safetensors'), tensors);
  const config = {
    peft_type: 'LORA',
    task_type: 'CAUSAL_LM',
    base_model_name_or_path: 'tiny-random-llama',
    r: rank,
    lora_alpha: alpha,
    lora_dropout: 0,
    bias: 'none',
    fan_in_fan_out: false,
    target_modules: targets,
  };
  await writeFile(join(folder, 'adapter_config.json'), `${JSON.stringify(config, null, 2)}\n`);
}

function drawMatrices(options: TinyAdapterOptions): Matrices[] {
  const { rank = 4, targets = Object.keys(MODULES) as TinyTarget[] } = options;
  const shape = resolveTinyShape(options);
  const normal = makeNormalSource(options.seed ?? 7);
  const draw = (count: number, deviation: number): Float64Array =>
    Float64Array.from({ length: count }, () => normal() * deviation);
  return Array.from({ length: shape.layers }, (_, layer) =>
    targets.map((target) => {
      const [inputs, outputs] = linearSize(target, shape);
      // B is not zero as before training: the adapter is there to change the logits visibly.
      return {
        layer,
        target,
        inputs,
        outputs,
        a: draw(rank * inputs, inputs ** -0.5),
        b: draw(outputs * rank, 0.5),
      };
    }),
  ).flat();
}

function linearSize(target: TinyTarget, { dim, heads, kvHeads, feedForward }: TinyShape): [number, number] {
  const kvDim = (dim / heads) * kvHeads;
  switch (target) {
    case 'q_proj':
    case 'o_proj':
      return [dim, dim];
    case 'k_proj':
    case 'v_proj':
      return [dim, kvDim];
    case 'gate_proj':
    case 'up_proj':
      return [dim, feedForward];
    case 'down_proj':
      return [feedForward, dim];
  }
}

/** Rows of each head from adjacent pairs (GGUF) to two halves (Hugging Face). */
function splitPairs(values: Float64Array, rows: number, columns: number, shape: TinyShape): Float64Array {
  const headSize = shape.dim / shape.heads;
  const split = new Float64Array(values.length);
  for (let row = 0; row < rows; row++) {
    const within = row % headSize;
    const target = row - within + (within % 2) * (headSize / 2) + Math.floor(within / 2);
    split.set(values.subarray(row * columns, (row + 1) * columns), target * columns);
  }
  return split;
}
