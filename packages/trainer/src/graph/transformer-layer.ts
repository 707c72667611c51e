import type { GgmlOperations, RopeOptions, Tensor } from '@sparkler/llama/ggml';
import { type AttentionShape, buildAttention, type MaskTensor } from './attention.ts';
import { buildGate, type GateActivation } from './gate-activation.ts';
import { buildLinear, type FrozenLinear, type LoraGradients } from './lora-linear.ts';
import { buildNorm, buildOptionalNorm } from './norm.ts';

/** The seven linear layers of a block, by their names in a GGUF file (`blk.0.attn_q.weight`). */
export const linearNames = [
  'attn_q',
  'attn_k',
  'attn_v',
  'attn_output',
  'ffn_gate',
  'ffn_up',
  'ffn_down',
] as const;
export type LinearName = (typeof linearNames)[number];

export interface LayerWeights {
  readonly linears: Readonly<Record<LinearName, FrozenLinear>>;
  /** [width] */
  readonly attentionNorm: Tensor;
  readonly ffnNorm: Tensor;
  /** [headSize], for models that norm queries and keys (qwen3); else null. */
  readonly queryNorm: Tensor | null;
  readonly keyNorm: Tensor | null;
  /** [width], for models that norm what a block adds (gemma3); else null. */
  readonly attentionPostNorm: Tensor | null;
  readonly ffnPostNorm: Tensor | null;
  /** Whether its tokens see the shape's window only. */
  readonly isLocal: boolean;
}

export interface LayerShape extends AttentionShape {
  readonly normEpsilon: number;
  readonly activation: GateActivation;
  readonly rope: RopeOptions;
  /** Of local layers, where the model has any. */
  readonly localRope: RopeOptions | null;
}

export interface SharedInputs {
  /** i32 [tokens] */
  readonly positions: Tensor;
  /** Blocks that cover all tokens. */
  readonly mask: readonly MaskTensor[];
  /** The same for local layers; empty where the model has none. */
  readonly localMask: readonly MaskTensor[];
}

export type LayerGradients = Partial<Record<LinearName, LoraGradients>>;

/** One pre-norm block of the llama family on x [width, tokens]: its output, and the way back. */
export function buildLayer(
  g: GgmlOperations,
  layer: LayerWeights,
  shape: LayerShape,
  shared: SharedInputs,
  x: Tensor,
): { readonly y: Tensor; back(dy: Tensor): { readonly dx: Tensor; readonly gradients: LayerGradients } } {
  const attention = buildAttentionBlock(g, layer, shape, shared, x);
  const middle = g.add(x, attention.y);
  const feedForward = buildFeedForward(g, layer, shape, middle);
  return {
    y: g.add(middle, feedForward.y),
    back: (dy) => {
      const lower = feedForward.back(dy);
      const dMiddle = g.add(dy, lower.dx);
      const upper = attention.back(dMiddle);
      return { dx: g.add(dMiddle, upper.dx), gradients: { ...upper.gradients, ...lower.gradients } };
    },
  };
}

interface Block {
  readonly y: Tensor;
  back(dy: Tensor): { readonly dx: Tensor; readonly gradients: LayerGradients };
}

function buildAttentionBlock(
  g: GgmlOperations,
  layer: LayerWeights,
  shape: LayerShape,
  shared: SharedInputs,
  x: Tensor,
): Block {
  const norm = buildNorm(g, x, layer.attentionNorm, shape.normEpsilon);
  const rope = layer.isLocal ? shape.localRope! : shape.rope;
  const turn = { ...shape, rope, positions: shared.positions };
  const q = buildHeads(g, layer.linears.attn_q, layer.queryNorm, turn, shape.heads, norm.y);
  const k = buildHeads(g, layer.linears.attn_k, layer.keyNorm, turn, shape.kvHeads, norm.y);
  const v = buildLinear(g, layer.linears.attn_v, norm.y);
  const v3 = g.reshape3d(v.y, shape.headSize, shape.kvHeads, shape.tokens);
  const mask = layer.isLocal ? shared.localMask : shared.mask;
  const attention = buildAttention(g, shape, { q: q.y, k: k.y, v: v3 }, mask);
  const output = buildLinear(g, layer.linears.attn_output, attention.y);
  const post = buildOptionalNorm(g, output.y, layer.attentionPostNorm, shape.normEpsilon);
  return {
    y: post.y,
    back: (dy) => {
      const fromOutput = output.back(post.back(dy));
      const { dq, dk, dv } = attention.back(fromOutput.dx);
      const fromQ = q.back(dq);
      const fromK = k.back(dk);
      const fromV = v.back(g.reshape2d(dv, shape.headSize * shape.kvHeads, shape.tokens));
      const dNorm = g.add(g.add(fromQ.dx, fromK.dx), fromV.dx);
      return {
        dx: norm.back(dNorm),
        gradients: collect({
          attn_q: fromQ.gradients,
          attn_k: fromK.gradients,
          attn_v: fromV.gradients,
          attn_output: fromOutput.gradients,
        }),
      };
    },
  };
}

/**
 * Queries or keys: linear, per-head norm where the model has one, rotary embedding -> [headSize, heads,
 * tokens].
 */
function buildHeads(
  g: GgmlOperations,
  linear: FrozenLinear,
  headNorm: Tensor | null,
  shape: LayerShape & { readonly positions: Tensor },
  heads: number,
  x: Tensor,
): {
  readonly y: Tensor;
  back(dy: Tensor): { readonly dx: Tensor; readonly gradients: LoraGradients | null };
} {
  const { positions, rope } = shape;
  const flat = buildLinear(g, linear, x);
  const split = g.reshape3d(flat.y, shape.headSize, heads, shape.tokens);
  const norm = buildOptionalNorm(g, split, headNorm, shape.normEpsilon);
  return {
    y: g.rope(norm.y, positions, rope),
    back: (dy) => {
      const dSplit = norm.back(g.ropeBack(dy, positions, rope));
      return flat.back(g.reshape2d(dSplit, shape.headSize * heads, shape.tokens));
    },
  };
}

/** down(activation(gate x) · up x) behind its norm. */
function buildFeedForward(g: GgmlOperations, layer: LayerWeights, shape: LayerShape, x: Tensor): Block {
  const { normEpsilon } = shape;
  const norm = buildNorm(g, x, layer.ffnNorm, normEpsilon);
  const gate = buildLinear(g, layer.linears.ffn_gate, norm.y);
  const up = buildLinear(g, layer.linears.ffn_up, norm.y);
  const active = buildGate(g, shape.activation, gate.y);
  const down = buildLinear(g, layer.linears.ffn_down, g.mul(active.y, up.y));
  const post = buildOptionalNorm(g, down.y, layer.ffnPostNorm, normEpsilon);
  return {
    y: post.y,
    back: (dy) => {
      const fromDown = down.back(post.back(dy));
      const fromGate = gate.back(active.back(g.mul(fromDown.dx, up.y)));
      const fromUp = up.back(g.mul(fromDown.dx, active.y));
      return {
        dx: norm.back(g.add(fromGate.dx, fromUp.dx)),
        gradients: collect({
          ffn_gate: fromGate.gradients,
          ffn_up: fromUp.gradients,
          ffn_down: fromDown.gradients,
        }),
      };
    },
  };
}

function collect(all: Partial<Record<LinearName, LoraGradients | null>>): LayerGradients {
  return Object.fromEntries(
    Object.entries(all).filter(([, gradients]) => gradients !== null),
  ) as LayerGradients;
}
