import { blockTokens } from '../graph/attention-mask.ts';
import type { GraphShape } from '../graph/training-graph.ts';

/** Supervised rows in one piece of the head: 128 · 49,152 floats are 24 MB, 128 · 262,144 are 128 MB. */
const chunkRowsMax = 128;
/** Fewer rows are padded to a multiple of this: the head of a small model is a tenth of a step. */
const chunkRowStep = 32;
/** Above this, layers are computed twice rather than kept. */
const keptBytesMax = 3e9;

export type LayerSizes = Pick<GraphShape, 'width' | 'heads' | 'headSize'> & {
  readonly layers: number;
  readonly ffn: number;
};

/**
 * How a graph for a row is cut: `tokens` padded, `supervised` those that are learned. Pure.
 */
export function planGraphSizes(
  shape: LayerSizes,
  tokens: number,
  supervised: number,
  withGradients: boolean,
): Pick<GraphShape, 'tokens' | 'chunkRows' | 'chunks' | 'recomputes'> {
  const rows = Math.max(1, supervised);
  const chunkRows = Math.min(chunkRowsMax, Math.ceil(rows / chunkRowStep) * chunkRowStep);
  const recomputes = withGradients && estimateKeptBytes(shape, tokens) > keptBytesMax;
  return { tokens, chunkRows, chunks: Math.ceil(rows / chunkRows), recomputes };
}

/**
 * About what the way back needs of the way forth when nothing is computed again: of each layer its norms,
 * projections, gates and attention weights, each with the copies that products need. Generous.
 */
function estimateKeptBytes({ width, heads, headSize, ffn, layers }: LayerSizes, tokens: number): number {
  const weights = tokens <= blockTokens ? 4 * heads * tokens : 0;
  const perToken = 8 * width + 6 * heads * headSize + 6 * ffn + weights;
  return 4 * layers * tokens * perToken;
}
