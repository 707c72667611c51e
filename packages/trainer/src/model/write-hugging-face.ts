import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bytesOf, splitHeadRows } from '@sparkler/llama';
import type { Tensor } from '@sparkler/llama/ggml';
import { planLinearSizes } from '../adapter/adapter-layout.ts';
import { type FloatTensor, writeFloatTensors } from '../adapter/float-tensors.ts';
import { peftNames } from '../adapter/write-adapter.ts';
import { TrainerError } from '../process/events.ts';
import type { TrainableModel } from './trainable-model.ts';

/**
 * Writes the base model as other trainers read it (config.json, model.safetensors in f32), dequantised from
 * the GGUF file that is served: an adapter trained on it fits that file. The model must have been loaded
 * with precision 'f32'. Throws TrainerError for families whose config is not known here.
 */
export async function writeHuggingFaceModel(model: TrainableModel, folder: string): Promise<void> {
  if (model.architecture !== 'llama') {
    throw new TrainerError(
      'UNSUPPORTED_MODEL',
      `a ${model.architecture} model cannot be exported for another trainer: give it the original weights`,
    );
  }
  if (model.shape.rope.factors !== null) {
    throw new TrainerError('UNSUPPORTED_MODEL', 'a model with rope factors cannot be exported');
  }
  await mkdir(folder, { recursive: true });
  await writeFloatTensors(join(folder, 'model.safetensors'), readTensors(model));
  await writeFile(join(folder, 'config.json'), `${JSON.stringify(describeModel(model), null, 2)}\n`);
}

function describeModel({ shape, tensors }: TrainableModel): Record<string, unknown> {
  return {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    hidden_size: shape.width,
    intermediate_size: shape.ffn,
    num_hidden_layers: shape.layers,
    num_attention_heads: shape.heads,
    num_key_value_heads: shape.kvHeads,
    head_dim: shape.headSize,
    vocab_size: shape.vocabulary,
    rms_norm_eps: shape.normEpsilon,
    rope_theta: shape.rope.frequencyBase,
    ...(shape.rope.frequencyScale === 1
      ? {}
      : { rope_scaling: { rope_type: 'linear', factor: 1 / shape.rope.frequencyScale } }),
    tie_word_embeddings: tensors.head.output === tensors.embedding,
    hidden_act: 'silu',
    attention_bias: false,
    mlp_bias: false,
    torch_dtype: 'float32',
  };
}

function readTensors(model: TrainableModel): FloatTensor[] {
  const { ggml, tensors, shape } = model;
  const { width, vocabulary } = shape;
  const read = (name: string, tensor: Tensor, ...sizes: number[]): FloatTensor => {
    const values = new Float32Array(sizes.reduce((product, size) => product * size, 1));
    return { name, shape: sizes, values: ggml.read(tensor, values) };
  };
  const all = [
    read('model.embed_tokens.weight', tensors.embedding, vocabulary, width),
    read('model.norm.weight', tensors.head.norm, width),
  ];
  if (tensors.head.output !== tensors.embedding) {
    all.push(read('lm_head.weight', tensors.head.output, vocabulary, width));
  }
  const sizes = planLinearSizes(shape);
  tensors.layers.forEach((layer, index) => {
    const prefix = `model.layers.${index}`;
    all.push(read(`${prefix}.input_layernorm.weight`, layer.attentionNorm, width));
    all.push(read(`${prefix}.post_attention_layernorm.weight`, layer.ffnNorm, width));
    for (const [name, module] of Object.entries(peftNames) as [keyof typeof peftNames, string][]) {
      const [input, output] = sizes[name];
      const linear = read(`${prefix}.${module}.weight`, layer.linears[name].weight, output, input);
      all.push({ ...linear, values: splitHeads(model, name, linear.values, input) });
    }
  });
  return all;
}

function splitHeads(
  { hasPairedHeads, shape }: TrainableModel,
  linear: keyof typeof peftNames,
  values: Float32Array,
  columns: number,
): Float32Array {
  if (!hasPairedHeads || (linear !== 'attn_q' && linear !== 'attn_k')) return values;
  const heads = linear === 'attn_q' ? shape.heads : shape.kvHeads;
  const split = splitHeadRows(bytesOf(values), heads, columns * 4);
  return new Float32Array(split.buffer, 0, values.length);
}
