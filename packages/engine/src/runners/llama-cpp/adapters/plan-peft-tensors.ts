import { type CheckpointTensor, findLinearPlace, type ModelFile } from '@sparkler/llama';
import { AdapterError } from '../../../core/adapter-error.ts';
import { lookUpPattern, type PeftConfig } from './peft-config.ts';

/** The two matrices of one module. */
export interface PeftPair {
  /** As in the file, without the wrapper's prefix: `model.layers.0.self_attn.q_proj`. */
  readonly module: string;
  readonly a: CheckpointTensor;
  readonly b: CheckpointTensor;
  readonly rank: number;
  /** What B is multiplied with, so that llama.cpp's alpha / rank gives the scale that PEFT would use. */
  readonly factor: number;
}

/** One tensor of the model and what is added to it. */
export interface AdaptedTensor {
  /** GGUF name, without `.weight`. */
  readonly tensor: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly rank: number;
  /** One, or one per expert (null where an expert was not trained). */
  readonly pairs: readonly (PeftPair | null)[];
  readonly isExpert: boolean;
}

/** PEFT wraps the model; older releases left the adapter's name in. */
const NAME = /^(?:base_model\.model\.)?(.+)\.lora_(A|B)(?:\.default)?\.weight$/;

/**
 * Matches the tensors of a PEFT adapter with those of the base model and checks every shape. Throws
 * AdapterError in the words of the platform's documentation: `Invalid LoRA weight … shape: torch.Size([16,
 * 4096]), expected (16, 8192)`.
 */
export function planPeftTensors(
  tensors: ReadonlyMap<string, CheckpointTensor>,
  config: PeftConfig,
  base: ModelFile,
): AdaptedTensor[] {
  const places = new Map<string, { pairs: Map<number, PeftPair>; isExpert: boolean }>();
  for (const [module, { a, b }] of groupByModule(tensors)) {
    const place = findLinearPlace(module);
    const target = place === null ? undefined : base.tensors.get(`${place.tensor}.weight`);
    if (place === null || target === undefined) throw new AdapterError(explainMissing(module));
    const rank = lookUpPattern(config.rankPattern, module) ?? config.rank;
    const [inputs = 0, outputs = 0, experts = 1] = target.shape;
    checkShape(a, `${module}.lora_A.weight`, [rank, inputs]);
    checkShape(b, `${module}.lora_B.weight`, [outputs, rank]);
    if (place.expert !== null && place.expert >= experts) {
      throw new AdapterError(
        `Invalid LoRA weight ${module}: the base model has ${experts} experts in this layer`,
      );
    }
    const entry = places.get(place.tensor) ?? { pairs: new Map(), isExpert: place.expert !== null };
    entry.pairs.set(place.expert ?? 0, { module, a, b, rank, factor: deriveFactor(config, module, rank) });
    places.set(place.tensor, entry);
  }
  if (places.size === 0) throw new AdapterError('the adapter file holds no lora_A and lora_B weights');
  return [...places].map(([tensor, entry]) => assemble(tensor, entry.pairs, entry.isExpert, base));
}

function assemble(
  tensor: string,
  pairs: ReadonlyMap<number, PeftPair>,
  isExpert: boolean,
  base: ModelFile,
): AdaptedTensor {
  const [inputs = 0, outputs = 0, experts = 1] = base.tensors.get(`${tensor}.weight`)?.shape ?? [];
  const ranks = new Set([...pairs.values()].map((pair) => pair.rank));
  const [rank = 0] = ranks;
  if (ranks.size > 1)
    throw new AdapterError(`Invalid LoRA weight ${tensor}: its experts have different ranks`);
  const count = isExpert ? experts : 1;
  return {
    tensor,
    inputs,
    outputs,
    rank,
    isExpert,
    pairs: Array.from({ length: count }, (_, expert) => pairs.get(expert) ?? null),
  };
}

function groupByModule(
  tensors: ReadonlyMap<string, CheckpointTensor>,
): Map<string, { a: CheckpointTensor; b: CheckpointTensor }> {
  const modules = new Map<string, { a?: CheckpointTensor; b?: CheckpointTensor }>();
  for (const [name, tensor] of tensors) {
    const [, module, side] = NAME.exec(name) ?? [];
    if (module === undefined) {
      throw new AdapterError(`Invalid LoRA weight ${name}: only lora_A and lora_B weights can be applied`);
    }
    const entry = modules.get(module) ?? {};
    if (side === 'A') entry.a = tensor;
    else entry.b = tensor;
    modules.set(module, entry);
  }
  return new Map(
    [...modules].map(([module, { a, b }]) => {
      if (a === undefined || b === undefined) {
        throw new AdapterError(
          `Invalid LoRA weight ${module}: lora_${a === undefined ? 'A' : 'B'} is missing`,
        );
      }
      return [module, { a, b }];
    }),
  );
}

/** llama.cpp scales by alpha / rank with one alpha for the file; what differs from that goes into B. */
function deriveFactor(config: PeftConfig, module: string, rank: number): number {
  const alpha = lookUpPattern(config.alphaPattern, module) ?? config.alpha;
  const scale = alpha / (config.rankStabilized ? Math.sqrt(rank) : rank);
  return (scale * rank) / config.alpha;
}

function checkShape(tensor: CheckpointTensor, name: string, expected: readonly number[]): void {
  if (tensor.shape.length === 2 && tensor.shape.every((size, index) => size === expected[index])) return;
  throw new AdapterError(
    `Invalid LoRA weight ${name} shape: torch.Size([${tensor.shape.join(', ')}]), expected (${expected.join(', ')}). ` +
      'Is the adapter for this base model, and r in adapter_config.json its rank?',
  );
}

function explainMissing(module: string): string {
  if (/(^|\.)(lm_head|embed_tokens)$/.test(module)) {
    return `Invalid LoRA weight ${module}: embeddings cannot be adapted, train without lm_head and embed_tokens`;
  }
  return `Invalid LoRA weight ${module}: the base model has no such layer; is the adapter for this base model?`;
}
