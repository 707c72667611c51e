/** Our trainer's step: gradients by hand on 16-bit weights, then AdamW. */
import { createInitialAdapter } from '../../packages/trainer/src/adapter/initial-adapter.ts';
import { loadTrainableModel } from '../../packages/trainer/src/model/load-model.ts';
import { adamWDefaults, applyAdamW, createAdamWState } from '../../packages/trainer/src/optimize/adamw.ts';
import { GradientStep } from '../../packages/trainer/src/run/gradient-step.ts';
import { answerCommands } from '../worker.ts';
import { alpha, example, learningRate, measureStep, rank } from './work.ts';

const [path = ''] = process.argv.slice(2);
const options = { path, rank, alpha, threads: 1, precision: 'bf16' as const };
const model = await loadTrainableModel({ ...options, onProgress: () => undefined });
const parameters = createInitialAdapter(model.layout, 1);
model.writeAdapter(parameters);
const gradients = new Float32Array(parameters.length);
const optimizer = createAdamWState(parameters.length);
const gradientStep = new GradientStep(model);

answerCommands(async () => ({
  ...(await measureStep(async () => {
    gradients.fill(0);
    const { loss } = await gradientStep.run([example], [[0]], gradients);
    applyAdamW(parameters, gradients, optimizer, learningRate, adamWDefaults);
    model.writeAdapter(parameters);
    return loss;
  }, 0)),
}));
