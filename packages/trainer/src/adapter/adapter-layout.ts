import { type LinearName, linearNames } from '../graph/transformer-layer.ts';

/** Sizes of a model that decide the shapes of its adapter. */
export interface AdapterShape {
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headSize: number;
  readonly ffn: number;
  readonly rank: number;
}

/** One adapter matrix inside the flat vector of parameters. */
export interface AdapterEntry {
  readonly layer: number;
  readonly linear: LinearName;
  readonly side: 'a' | 'b';
  readonly offset: number;
  /** a: in; b: rank. The contiguous dimension. */
  readonly columns: number;
  /** a: rank; b: out. */
  readonly rows: number;
}

/** [in, out] of each linear layer. */
export function planLinearSizes(
  shape: Omit<AdapterShape, 'rank' | 'layers'>,
): Record<LinearName, [number, number]> {
  const { width, heads, kvHeads, headSize, ffn } = shape;
  return {
    attn_q: [width, heads * headSize],
    attn_k: [width, kvHeads * headSize],
    attn_v: [width, kvHeads * headSize],
    attn_output: [heads * headSize, width],
    ffn_gate: [width, ffn],
    ffn_up: [width, ffn],
    ffn_down: [ffn, width],
  };
}

/**
 * Where each matrix lies in the flat vector that the optimiser works on. The order is part of the checkpoint
 * format.
 */
export function planAdapterLayout(shape: AdapterShape): { entries: AdapterEntry[]; size: number } {
  const sizes = planLinearSizes(shape);
  const entries: AdapterEntry[] = [];
  let offset = 0;
  const add = (layer: number, linear: LinearName, side: 'a' | 'b', columns: number, rows: number): void => {
    entries.push({ layer, linear, side, offset, columns, rows });
    offset += columns * rows;
  };
  for (let layer = 0; layer < shape.layers; layer++) {
    for (const linear of linearNames) {
      const [input, output] = sizes[linear];
      add(layer, linear, 'a', input, shape.rank);
      add(layer, linear, 'b', shape.rank, output);
    }
  }
  return { entries, size: offset };
}

/** Values of one matrix: a view, not a copy. */
export function viewEntry(values: Float32Array, entry: AdapterEntry): Float32Array {
  return values.subarray(entry.offset, entry.offset + entry.columns * entry.rows);
}
