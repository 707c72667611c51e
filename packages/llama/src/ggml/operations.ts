import type { LibraryHandle } from 'koffi';
import { bind } from '../native/bind.ts';
import type { GgmlContext, Tensor } from './types.ts';

/** Rotary embedding parameters as llama.h passes them (no YaRN: extFactor 0). */
export interface RopeOptions {
  /** Per-frequency divisors (Llama 3.1), or null. */
  readonly factors: Tensor | null;
  readonly dimensions: number;
  /** 0: adjacent pairs (llama GGUF files); 2: NeoX halves (qwen, gemma, phi). */
  readonly mode: 0 | 2;
  readonly frequencyBase: number;
  readonly frequencyScale: number;
}

/**
 * The tensor operations that a forward and a hand-written backward pass need. Shapes are ggml's: `ne[0]` is
 * the contiguous dimension. Each call only adds a node; `computeGraph` runs them. A wrong shape aborts the
 * process (GGML_ASSERT), so shapes are the caller's duty.
 */
export interface GgmlOperations {
  newTensor(type: number, ...shape: number[]): Tensor;
  /** a [k, n], b [k, m] -> [n, m]: every row of a times every row of b. a may be quantised. */
  mulMat(a: Tensor, b: Tensor): Tensor;
  mul(a: Tensor, b: Tensor): Tensor;
  add(a: Tensor, b: Tensor): Tensor;
  sub(a: Tensor, b: Tensor): Tensor;
  scale(a: Tensor, factor: number): Tensor;
  /** a * factor + offset. */
  scaleAndShift(a: Tensor, factor: number, offset: number): Tensor;
  sigmoid(a: Tensor): Tensor;
  silu(a: Tensor): Tensor;
  /** The tanh form, on processors from a table: what goes in is rounded to 16 bits. */
  gelu(a: Tensor): Tensor;
  /** dy, x -> dx. */
  siluBack(dy: Tensor, x: Tensor): Tensor;
  rmsNorm(a: Tensor, epsilon: number): Tensor;
  /** dy, x -> dx. */
  rmsNormBack(dy: Tensor, x: Tensor, epsilon: number): Tensor;
  /** softmax(a * scale + mask) over ne[0]. */
  softMax(a: Tensor, mask: Tensor | null, scale: number): Tensor;
  /** dy and the softmax's own output -> gradient of a. */
  softMaxBack(dy: Tensor, y: Tensor, scale: number): Tensor;
  rope(a: Tensor, positions: Tensor, rope: RopeOptions): Tensor;
  ropeBack(dy: Tensor, positions: Tensor, rope: RopeOptions): Tensor;
  reshape2d(a: Tensor, n0: number, n1: number): Tensor;
  reshape3d(a: Tensor, n0: number, n1: number, n2: number): Tensor;
  /**
   * Entries `from` to `from + count` of the last dimension of a contiguous f32 tensor of `shape`, as a view.
   */
  slice(a: Tensor, shape: readonly [number, number, number], from: number, count: number): Tensor;
  /** a with so many zeros before and after along the second dimension. */
  padSecond(a: Tensor, before: number, after: number): Tensor;
  /** a and b side by side along a dimension. */
  concat(a: Tensor, b: Tensor, dimension: number): Tensor;
  permute(a: Tensor, axis0: number, axis1: number, axis2: number, axis3: number): Tensor;
  transpose(a: Tensor): Tensor;
  /** A contiguous copy. */
  cont(a: Tensor): Tensor;
  cast(a: Tensor, type: number): Tensor;
  copy(from: Tensor, to: Tensor): Tensor;
  getRows(a: Tensor, indices: Tensor): Tensor;
  /** Sums gradients of gathered rows into the shape of the matrix they came from. */
  getRowsBack(dy: Tensor, indices: Tensor, shape: Tensor): Tensor;
  sumRows(a: Tensor): Tensor;
  /**
   * Sums a into the shape of b: element i goes to i modulo b's size in each dimension (only b's shape
   * counts).
   */
  repeatBack(a: Tensor, b: Tensor): Tensor;
  argmax(a: Tensor): Tensor;
  /** Logits [n, rows] and as many wanted probabilities -> mean cross entropy of the rows, one value. */
  crossEntropyLoss(logits: Tensor, wanted: Tensor): Tensor;
}

const F32_BYTES = 4;

type Arguments = (Tensor | number | null)[];
type Node = (context: GgmlContext, ...rest: Arguments) => Tensor;

/**
 * Binds the operations to the loaded ggml-base library once; the result makes a set that adds to a context.
 */
export function bindOperations(base: LibraryHandle): (context: GgmlContext) => GgmlOperations {
  const nodes = new Map<string, Node>();
  const declare = (name: string, ...rest: string[]): void => {
    const types = ['void *', ...rest];
    nodes.set(name, bind<[GgmlContext, ...Arguments], Tensor>(base, `ggml_${name}`, 'void *', types));
  };
  for (const name of unary) declare(name, 'void *');
  for (const name of binary) declare(name, 'void *', 'void *');
  for (const [name, ...types] of others) declare(name, ...types);
  return (context) => createOperations((name, ...rest) => nodes.get(name)!(context, ...rest));
}

const unary = ['silu', 'gelu', 'sigmoid', 'transpose', 'cont', 'sum_rows', 'argmax'];
const binary = [
  'mul_mat',
  'mul',
  'add',
  'sub',
  'silu_back',
  'cpy',
  'get_rows',
  'repeat_back',
  'cross_entropy_loss',
];
const ropeTypes = ['void *', 'void *', 'void *', 'int', 'int', 'int', ...Array<string>(6).fill('float')];
const others: readonly (readonly [string, ...string[]])[] = [
  ['new_tensor_1d', 'int', 'int64_t'],
  ['new_tensor_2d', 'int', 'int64_t', 'int64_t'],
  ['new_tensor_3d', 'int', 'int64_t', 'int64_t', 'int64_t'],
  ['scale', 'void *', 'float'],
  ['scale_bias', 'void *', 'float', 'float'],
  ['view_3d', 'void *', 'int64_t', 'int64_t', 'int64_t', 'size_t', 'size_t', 'size_t'],
  ['pad_ext', 'void *', ...Array<string>(8).fill('int')],
  ['concat', 'void *', 'void *', 'int'],
  ['rms_norm', 'void *', 'float'],
  ['rms_norm_back', 'void *', 'void *', 'float'],
  ['soft_max_ext', 'void *', 'void *', 'float', 'float'],
  ['soft_max_ext_back', 'void *', 'void *', 'float', 'float'],
  ['rope_ext', ...ropeTypes],
  ['rope_ext_back', ...ropeTypes],
  ['get_rows_back', 'void *', 'void *', 'void *'],
  ['reshape_2d', 'void *', 'int64_t', 'int64_t'],
  ['reshape_3d', 'void *', 'int64_t', 'int64_t', 'int64_t'],
  ['permute', 'void *', 'int', 'int', 'int', 'int'],
  ['cast', 'void *', 'int'],
];

function createOperations(node: (name: string, ...rest: Arguments) => Tensor): GgmlOperations {
  return {
    newTensor: (type, ...shape) => node(`new_tensor_${shape.length}d`, type, ...shape),
    mulMat: (a, b) => node('mul_mat', a, b),
    mul: (a, b) => node('mul', a, b),
    add: (a, b) => node('add', a, b),
    sub: (a, b) => node('sub', a, b),
    scale: (a, factor) => node('scale', a, factor),
    scaleAndShift: (a, factor, offset) => node('scale_bias', a, factor, offset),
    sigmoid: (a) => node('sigmoid', a),
    silu: (a) => node('silu', a),
    gelu: (a) => node('gelu', a),
    siluBack: (dy, x) => node('silu_back', dy, x),
    rmsNorm: (a, epsilon) => node('rms_norm', a, epsilon),
    rmsNormBack: (dy, x, epsilon) => node('rms_norm_back', dy, x, epsilon),
    softMax: (a, mask, factor) => node('soft_max_ext', a, mask, factor, 0),
    softMaxBack: (dy, y, factor) => node('soft_max_ext_back', dy, y, factor, 0),
    rope: (a, positions, options) => node('rope_ext', a, positions, ...ropeArguments(options)),
    ropeBack: (dy, positions, options) => node('rope_ext_back', dy, positions, ...ropeArguments(options)),
    reshape2d: (a, n0, n1) => node('reshape_2d', a, n0, n1),
    reshape3d: (a, n0, n1, n2) => node('reshape_3d', a, n0, n1, n2),
    slice: (a, [n0, n1], from, count) =>
      node('view_3d', a, n0, n1, count, n0 * F32_BYTES, n0 * n1 * F32_BYTES, from * n0 * n1 * F32_BYTES),
    padSecond: (a, before, after) => node('pad_ext', a, 0, 0, before, after, 0, 0, 0, 0),
    concat: (a, b, dimension) => node('concat', a, b, dimension),
    permute: (a, ...axes) => node('permute', a, ...axes),
    transpose: (a) => node('transpose', a),
    cont: (a) => node('cont', a),
    cast: (a, type) => node('cast', a, type),
    copy: (from, to) => node('cpy', from, to),
    getRows: (a, indices) => node('get_rows', a, indices),
    getRowsBack: (dy, indices, shape) => node('get_rows_back', dy, indices, shape),
    sumRows: (a) => node('sum_rows', a),
    repeatBack: (a, b) => node('repeat_back', a, b),
    argmax: (a) => node('argmax', a),
    crossEntropyLoss: (logits, wanted) => node('cross_entropy_loss', logits, wanted),
  };
}

/** Arguments after the positions: factors, sizes, then YaRN's four, which are off. */
function ropeArguments(options: RopeOptions): Arguments {
  const { factors, dimensions, mode, frequencyBase, frequencyScale } = options;
  return [factors, dimensions, mode, 0, frequencyBase, frequencyScale, 0, 1, 0, 0];
}
