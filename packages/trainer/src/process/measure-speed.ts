import { ggmlType, openGgml } from '@sparkler/llama/ggml';

/** A product of the kind that training is made of: weights of 16 bits times rows of 32, about 0.5 GFLOP. */
const inner = 1024;
const columns = 1024;
const rows = 256;
/** Long enough for a clock, short enough that nobody waits for it. */
const measuredMs = 50;

/**
 * Floating-point operations a second of one thread of this processor, in matrix products of ggml: the
 * quickest of those that fit into about 50 ms, as others use the machine too.
 */
export async function measureSpeed(): Promise<number> {
  const ggml = openGgml({ threads: 1 });
  const context = ggml.createContext(16);
  const allocator = ggml.createAllocator();
  try {
    const g = ggml.operationsFor(context);
    const weights = g.newTensor(ggmlType.bf16, inner, columns);
    const input = g.newTensor(ggmlType.f32, inner, rows);
    ggml.markInput(weights);
    ggml.markInput(input);
    const product = g.mulMat(weights, input);
    ggml.markOutput(product);
    const graph = ggml.createGraph(context, 16);
    ggml.expandGraph(graph, product);
    ggml.allocateGraph(allocator, graph);
    // 0x3f80 is 1 in bf16. What was in memory before could be numbers that processors are slow with.
    ggml.write(weights, new Uint16Array(inner * columns).fill(0x3f80));
    ggml.write(input, new Float32Array(inner * rows).fill(1));
    // The first one finds pages and caches cold.
    await ggml.computeGraph(graph);
    const endMs = performance.now() + measuredMs;
    let quickestMs = Number.POSITIVE_INFINITY;
    do {
      const startMs = performance.now();
      await ggml.computeGraph(graph);
      quickestMs = Math.min(quickestMs, performance.now() - startMs);
    } while (performance.now() < endMs);
    return (2 * inner * columns * rows * 1000) / quickestMs;
  } finally {
    ggml.freeAllocator(allocator);
    ggml.freeContext(context);
    ggml.close();
  }
}
