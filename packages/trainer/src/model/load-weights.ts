import { type FileHandle, open } from 'node:fs/promises';
import { type Ggml, ggmlType, type Tensor } from '@sparkler/llama/ggml';
import type { GgufTensor } from '@sparkler/llama/gguf';

/** Where the values of one tensor of the file go: as they are, and turned round. */
export interface WeightTarget {
  readonly source: GgufTensor;
  readonly straight: Tensor;
  /** The transpose, or null where it is not needed. */
  readonly turned: Tensor | null;
}

/** Reads tensors of any ggml type from a file, dequantises them and stores them in the targets' types. */
export async function loadWeights(
  ggml: Ggml,
  path: string,
  targets: readonly WeightTarget[],
  onProgress: (fraction: number) => void,
): Promise<void> {
  const file = await open(path, 'r');
  const allocator = ggml.createAllocator();
  try {
    for (const [index, target] of targets.entries()) {
      await loadOne(ggml, allocator, file, target);
      onProgress((index + 1) / targets.length);
    }
  } finally {
    ggml.freeAllocator(allocator);
    await file.close();
  }
}

async function loadOne(
  ggml: Ggml,
  allocator: Parameters<Ggml['allocateGraph']>[0],
  file: FileHandle,
  { source, straight, turned }: WeightTarget,
): Promise<void> {
  const context = ggml.createContext(16);
  try {
    const g = ggml.operationsFor(context);
    const [columns = 1, rows = 1] = source.shape;
    const stored = g.newTensor(source.type.id, columns, rows);
    const order = g.newTensor(ggmlType.i32, rows);
    ggml.markInput(stored);
    ggml.markInput(order);
    // Gathering all rows is ggml's way to dequantise any type into f32.
    const values = g.getRows(stored, order);
    const graph = ggml.createGraph(context, 16);
    ggml.expandGraph(graph, g.copy(values, straight));
    if (turned !== null) ggml.expandGraph(graph, g.copy(g.transpose(values), turned));
    ggml.allocateGraph(allocator, graph);
    ggml.write(stored, await readBytes(file, source));
    ggml.write(
      order,
      Int32Array.from({ length: rows }, (_, row) => row),
    );
    await ggml.computeGraph(graph);
  } finally {
    ggml.freeContext(context);
  }
}

async function readBytes(file: FileHandle, source: GgufTensor): Promise<Buffer> {
  const bytes = Buffer.alloc(source.bytes);
  const { bytesRead } = await file.read(bytes, 0, bytes.length, source.offset);
  if (bytesRead !== bytes.length) throw new Error(`the file ends inside tensor ${source.name}`);
  return bytes;
}
