import { ggmlType, type Tensor } from '@sparkler/llama/ggml';
import { buildNorm } from '../../packages/trainer/src/graph/norm.ts';
import { buildLayer, linearNames } from '../../packages/trainer/src/graph/transformer-layer.ts';
import type { TrainableModel } from '../../packages/trainer/src/model/trainable-model.ts';
import { example } from './work.ts';

/** Nodes of SmolLM2 forward and backward: 5,148, and some room. */
const nodesMax = 16_384;

export interface AutogradGraph {
  /** Runs forward and backward, adds the gradients to a vector in the adapter's order, returns the loss. */
  run(gradients: Float32Array): Promise<number>;
}

/** The same loss on the same model as our graph's, with the backward pass that ggml derives itself. */
export function buildAutogradGraph(model: TrainableModel): AutogradGraph {
  const { ggml, tensors, shape } = model;
  const tokens = example.tokens.length;
  const supervised = [...example.weights.keys()].filter((index) => example.weights[index]! > 0);
  const inputContext = ggml.createContext(8);
  const inputs = ggml.operationsFor(inputContext);
  const ids = inputs.newTensor(ggmlType.i32, tokens);
  const positions = inputs.newTensor(ggmlType.i32, tokens);
  const mask = inputs.newTensor(ggmlType.f32, tokens, tokens);
  const rows = inputs.newTensor(ggmlType.i32, supervised.length);
  const wanted = inputs.newTensor(ggmlType.f32, shape.vocabulary, supervised.length);
  ggml.allocateTensors(inputContext);
  const parameters = listParameters(model);
  for (const parameter of parameters) ggml.markParameter(parameter);
  const context = ggml.createContext(nodesMax);
  const g = ggml.operationsFor(context);
  const whole = { from: 0, to: tokens, keysFrom: 0, tensor: mask };
  let x = g.getRows(tensors.embedding, ids);
  for (const layer of tensors.layers)
    x = buildLayer(g, layer, { ...shape, tokens }, { positions, mask: [whole], localMask: [] }, x).y;
  const norm = buildNorm(g, g.getRows(x, rows), tensors.head.norm, shape.normEpsilon);
  const loss = g.crossEntropyLoss(g.mulMat(tensors.head.output, norm.y), wanted);
  ggml.markOutput(loss);
  const graph = ggml.createGraph(context, nodesMax, true);
  ggml.expandGraph(graph, loss);
  const gradientTensors = ggml.expandBackward(context, graph, loss, parameters);
  ggml.allocateGraph(ggml.createAllocator(), graph);
  ggml.write(ids, example.tokens);
  ggml.write(
    positions,
    Int32Array.from({ length: tokens }, (_, index) => index),
  );
  ggml.write(mask, createCausalMask(tokens));
  ggml.write(
    rows,
    Int32Array.from(supervised, (index) => index - 1),
  );
  const oneHot = new Float32Array(shape.vocabulary * supervised.length);
  supervised.forEach((index, row) => {
    oneHot[row * shape.vocabulary + example.tokens[index]!] = 1;
  });
  ggml.write(wanted, oneHot);
  return {
    run: async (gradients) => {
      ggml.resetGradients(graph);
      await ggml.computeGraph(graph);
      model.layout.entries.forEach((entry, index) => {
        ggml.read(
          gradientTensors[index]!,
          gradients.subarray(entry.offset, entry.offset + entry.columns * entry.rows),
        );
      });
      return ggml.read(loss, new Float32Array(1))[0]!;
    },
  };
}

/** The adapter's tensors, in the order of the layout. */
function listParameters({ tensors }: TrainableModel): Tensor[] {
  return tensors.layers.flatMap((layer) =>
    linearNames.flatMap((name) => {
      const { a, b } = layer.linears[name].lora!;
      return [a, b];
    }),
  );
}

function createCausalMask(tokens: number): Float32Array {
  return Float32Array.from({ length: tokens * tokens }, (_, index) =>
    index % tokens > Math.floor(index / tokens) ? Number.NEGATIVE_INFINITY : 0,
  );
}
