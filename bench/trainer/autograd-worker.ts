/** The same step with ggml's own gradients on f32 weights, which are all that it differentiates well. */
import { createInitialAdapter } from '../../packages/trainer/src/adapter/initial-adapter.ts';
import { linearNames } from '../../packages/trainer/src/graph/transformer-layer.ts';
import { loadTrainableModel } from '../../packages/trainer/src/model/load-model.ts';
import { adamWDefaults, applyAdamW, createAdamWState } from '../../packages/trainer/src/optimize/adamw.ts';
import { answerCommands } from '../worker.ts';
import { buildAutogradGraph } from './autograd-graph.ts';
import { alpha, learningRate, measureStep, rank } from './work.ts';

const [path = ''] = process.argv.slice(2);
const options = { path, rank, alpha, threads: 1, precision: 'f32' as const };
const model = await loadTrainableModel({ ...options, onProgress: () => undefined });
const parameters = createInitialAdapter(model.layout, 1);
model.writeAdapter(parameters);
const gradients = new Float32Array(parameters.length);
const optimizer = createAdamWState(parameters.length);
const graph = buildAutogradGraph(model);
/** Autograd needs no turned copies of the weights; the loader makes them all the same. */
const spareBytes = [
  model.tensors.head.outputTransposed,
  ...model.tensors.layers.flatMap((layer) => linearNames.map((name) => layer.linears[name].transposed)),
].reduce((sum, tensor) => sum + model.ggml.tensorBytes(tensor), 0);

answerCommands(async () => ({
  ...(await measureStep(async () => {
    const loss = await graph.run(gradients);
    applyAdamW(parameters, gradients, optimizer, learningRate, adamWDefaults);
    model.writeAdapter(parameters);
    return loss;
  }, spareBytes)),
}));
