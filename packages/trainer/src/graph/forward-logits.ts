import { ggmlType } from '@sparkler/llama/ggml';
import type { TrainableModel } from '../model/trainable-model.ts';
import type { MaskTensor } from './attention.ts';
import { fillMaskBlock, planMaskBlocks } from './attention-mask.ts';
import { buildNorm } from './norm.ts';
import { buildLayer } from './transformer-layer.ts';

/**
 * Logits of every position of one text, row by row ([tokens · vocabulary]): what the training graph's forward
 * pass computes, with the adapter as it is, for comparing with the engine that serves.
 */
export async function forwardLogits(model: TrainableModel, tokens: Int32Array): Promise<Float32Array> {
  const { ggml, tensors } = model;
  const shape = { ...model.shape, tokens: tokens.length };
  const nodesMax = 512 + tensors.layers.length * 256;
  const context = ggml.createContext(nodesMax);
  const allocator = ggml.createAllocator();
  try {
    const g = ggml.operationsFor(context);
    const ids = g.newTensor(ggmlType.i32, tokens.length);
    const positions = g.newTensor(ggmlType.i32, tokens.length);
    const masks = (window: number | null): MaskTensor[] =>
      planMaskBlocks(tokens.length, window, tokens.length).map((block) => ({
        ...block,
        tensor: g.newTensor(ggmlType.f32, tokens.length, tokens.length),
      }));
    const mask = masks(null);
    const localMask = shape.window === null ? [] : masks(shape.window);
    const blocks = [...mask, ...localMask];
    for (const input of [ids, positions, ...blocks.map((block) => block.tensor)]) ggml.markInput(input);
    let x = g.scale(g.getRows(tensors.embedding, ids), shape.embeddingScale);
    for (const layer of tensors.layers) x = buildLayer(g, layer, shape, { positions, mask, localMask }, x).y;
    const logits = g.mulMat(tensors.head.output, buildNorm(g, x, tensors.head.norm, shape.normEpsilon).y);
    const graph = ggml.createGraph(context, nodesMax);
    ggml.markOutput(logits);
    ggml.expandGraph(graph, logits);
    ggml.allocateGraph(allocator, graph);
    ggml.write(ids, tokens);
    ggml.write(
      positions,
      tokens.map((_, position) => position),
    );
    const documents = new Int32Array(tokens.length);
    for (const block of mask) ggml.write(block.tensor, fillMaskBlock(block, documents, null));
    for (const block of localMask) ggml.write(block.tensor, fillMaskBlock(block, documents, shape.window));
    await ggml.computeGraph(graph);
    return ggml.read(logits, new Float32Array(tokens.length * shape.vocabulary));
  } finally {
    ggml.freeAllocator(allocator);
    ggml.freeContext(context);
  }
}
