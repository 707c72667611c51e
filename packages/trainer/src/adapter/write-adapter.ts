import { mkdir, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bytesOf, type GgufMetadata, pairHeadRows, splitHeadRows, writeGguf } from '@sparkler/llama';
import type { LinearName } from '../graph/transformer-layer.ts';
import type { TrainableModel } from '../model/trainable-model.ts';
import { type AdapterEntry, viewEntry } from './adapter-layout.ts';
import { type FloatTensor, readFloatTensors, writeFloatTensors } from './float-tensors.ts';

/** Names of the linear layers in Hugging Face models. */
export const peftNames: Readonly<Record<LinearName, string>> = {
  attn_q: 'self_attn.q_proj',
  attn_k: 'self_attn.k_proj',
  attn_v: 'self_attn.v_proj',
  attn_output: 'self_attn.o_proj',
  ffn_gate: 'mlp.gate_proj',
  ffn_up: 'mlp.up_proj',
  ffn_down: 'mlp.down_proj',
};

export interface AdapterFiles {
  readonly folder: string;
  readonly model: TrainableModel;
  readonly parameters: Float32Array;
  readonly alpha: number;
  readonly baseName: string;
}

/**
 * Writes an adapter in both forms: a PEFT folder (adapter_config.json, adapter_model.safetensors) and
 * adapter.gguf for llama.h. Returns the file names.
 */
export async function writeAdapterFiles(files: AdapterFiles): Promise<string[]> {
  await mkdir(files.folder, { recursive: true });
  await writeFloatTensors(join(files.folder, 'adapter_model.safetensors'), createPeftTensors(files));
  await writeFile(
    join(files.folder, 'adapter_config.json'),
    `${JSON.stringify(createPeftConfig(files), null, 2)}\n`,
  );
  const path = join(files.folder, 'adapter.gguf');
  await writeGguf(path, createGgufMetadata(files), createGgufTensors(files));
  const file = await open(path, 'r+');
  await file.sync();
  await file.close();
  return ['adapter_config.json', 'adapter_model.safetensors', 'adapter.gguf'];
}

function createPeftConfig({ model, alpha, baseName }: AdapterFiles): Record<string, unknown> {
  return {
    peft_type: 'LORA',
    task_type: 'CAUSAL_LM',
    base_model_name_or_path: baseName,
    r: model.shape.rank,
    lora_alpha: alpha,
    lora_dropout: 0,
    bias: 'none',
    target_modules: Object.values(peftNames).map((name) => name.split('.').at(-1)),
    fan_in_fan_out: false,
    inference_mode: true,
    use_rslora: false,
    use_dora: false,
    modules_to_save: null,
  };
}

function createPeftTensors({ model, parameters }: AdapterFiles): FloatTensor[] {
  return model.layout.entries.map((entry) => ({
    name: peftTensorName(entry),
    shape: [entry.rows, entry.columns],
    values: turnHeads(model, entry, viewEntry(parameters, entry), splitHeadRows),
  }));
}

function peftTensorName({ layer, linear, side }: AdapterEntry): string {
  return `base_model.model.model.layers.${layer}.${peftNames[linear]}.lora_${side.toUpperCase()}.weight`;
}

/** Rows of q's and k's B change order between the two forms; everything else is the same bytes. */
function turnHeads(
  model: TrainableModel,
  entry: AdapterEntry,
  values: Float32Array,
  turn: typeof splitHeadRows,
): Float32Array {
  const isTurned = model.hasPairedHeads && entry.side === 'b' && ['attn_q', 'attn_k'].includes(entry.linear);
  if (!isTurned) return values;
  const heads = entry.linear === 'attn_q' ? model.shape.heads : model.shape.kvHeads;
  return toFloats(turn(bytesOf(values), heads, entry.columns * 4));
}

/** The numbers of bytes that begin their buffer. */
function toFloats(bytes: Uint8Array): Float32Array {
  return new Float32Array(bytes.buffer, 0, bytes.length / 4);
}

function createGgufMetadata({ model, alpha }: AdapterFiles): GgufMetadata {
  return new Map([
    ['general.type', { type: 'string', value: 'adapter' }],
    ['general.architecture', { type: 'string', value: model.architecture }],
    ['adapter.type', { type: 'string', value: 'lora' }],
    ['adapter.lora.alpha', { type: 'float32', value: alpha }],
  ]);
}

function createGgufTensors({ model, parameters }: AdapterFiles): Parameters<typeof writeGguf>[2] {
  return model.layout.entries.map((entry) => {
    const values = viewEntry(parameters, entry);
    return {
      name: `blk.${entry.layer}.${entry.linear}.weight.lora_${entry.side}`,
      shape: [entry.columns, entry.rows],
      type: 'f32',
      data: () => bytesOf(values),
    };
  });
}

/**
 * Parameters of a PEFT folder, in the trainer's order, to go on from. Throws Error naming a missing or
 * misshapen tensor, with the shape that was expected.
 */
export async function readPeftParameters(folder: string, model: TrainableModel): Promise<Float32Array> {
  const tensors = await readFloatTensors(join(folder, 'adapter_model.safetensors'));
  const parameters = new Float32Array(model.layout.size);
  for (const entry of model.layout.entries) {
    const name = peftTensorName(entry);
    const tensor = tensors.get(name);
    const expected = [entry.rows, entry.columns];
    if (tensor === undefined) throw new Error(`the adapter to continue has no ${name}`);
    if (String(tensor.shape) !== String(expected)) {
      throw new Error(`Invalid LoRA weight ${name}: shape [${tensor.shape}], expected [${expected}]`);
    }
    viewEntry(parameters, entry).set(turnHeads(model, entry, tensor.values, pairHeadRows));
  }
  return parameters;
}
