import { setImmediate } from 'node:timers/promises';
import { planSteps, type StepPlan } from '../data/plan-steps.ts';
import type { TokenizedExample } from '../data/tokenize-example.ts';
import type { TrainableModel } from '../model/trainable-model.ts';
import { adamWDefaults, applyAdamW, clipGradients, createAdamWState } from '../optimize/adamw.ts';
import { planLearningRate } from '../optimize/schedule.ts';
import { type EmitEvent, TrainerError } from '../process/events.ts';
import { type RunState, readNewestCheckpoint, writeCheckpoint } from './checkpoint.ts';
import { GradientStep } from './gradient-step.ts';
import type { TrainerConfig } from './trainer-config.ts';

/** What may be asked of a run from outside; read between steps. */
export interface RunControl {
  wanted: 'cancel' | 'pause' | 'checkpoint' | null;
}

export interface TrainingInputs {
  readonly config: TrainerConfig;
  readonly model: TrainableModel;
  readonly train: readonly TokenizedExample[];
  readonly evaluation: readonly TokenizedExample[];
  /** Parameters to start from: fresh, or of the adapter that is continued. */
  readonly initial: Float32Array;
  readonly jobFolder: string;
  readonly resume: boolean;
  readonly control: RunControl;
  readonly emit: EmitEvent;
}

export interface TrainingOutcome {
  readonly status: 'completed' | 'early_stopped' | 'cancelled' | 'paused';
  /** The adapter to hand out: the best evaluated one where early stopping is on, else the last. */
  readonly parameters: Float32Array;
  readonly bestStep: number | null;
}

/** Tokens of one forward pass. Longer examples get a pass of their own. */
export const rowTokens = 512;

/** The whole run: resumes, steps, evaluates, checkpoints, and ends for one of four reasons. */
export async function runTraining(inputs: TrainingInputs): Promise<TrainingOutcome> {
  const { config, model, emit, control } = inputs;
  const plan = planSteps(inputs.train, { ...config.train, rowTokens });
  const state = await startState(inputs);
  emitStarted(inputs, plan, state);
  const gradientStep = new GradientStep(model);
  const gradients = new Float32Array(model.layout.size);
  const startMs = performance.now();
  const startStep = state.step;
  try {
    // What the model knew before: the first point of the curve, and the bar for early stopping.
    if (state.step === 0) await evaluate(inputs, state, gradientStep);
    while (state.step < plan.length) {
      // Lets commands in that came during the step: one is obeyed before the next step begins.
      await setImmediate();
      // A cancelled job leaves a checkpoint too: it may be resumed.
      if (control.wanted !== null) await obeyControl(inputs, state);
      if (control.wanted === 'cancel') return { status: 'cancelled', ...pickResult(config, state) };
      if (control.wanted === 'pause') return { status: 'paused', ...pickResult(config, state) };
      await takeStep(inputs, plan, state, gradientStep, gradients);
      emitProgress(emit, plan, state, { startMs, startStep });
      if (await evaluateWhenDue(inputs, plan, state, gradientStep)) {
        return { status: 'early_stopped', ...pickResult(config, state) };
      }
      if (state.step % config.checkpoint.everySteps === 0) await saveCheckpoint(inputs, state);
    }
    return { status: 'completed', ...pickResult(config, state) };
  } finally {
    gradientStep.free();
  }
}

async function startState(inputs: TrainingInputs): Promise<RunState> {
  const saved = inputs.resume ? await readNewestCheckpoint(inputs.jobFolder) : null;
  if (saved !== null && saved.parameters.length !== inputs.model.layout.size) {
    throw new TrainerError('BAD_CONFIG', 'the checkpoint belongs to an adapter of another shape');
  }
  const fresh: RunState = {
    step: 0,
    tokensSeen: 0,
    best: null,
    evaluationsWithoutGain: 0,
    parameters: inputs.initial.slice(),
    bestParameters: null,
    optimizer: createAdamWState(inputs.model.layout.size),
  };
  const state = saved ?? fresh;
  inputs.model.writeAdapter(state.parameters);
  return state;
}

async function takeStep(
  inputs: TrainingInputs,
  plan: readonly StepPlan[],
  state: RunState,
  gradientStep: GradientStep,
  gradients: Float32Array,
): Promise<void> {
  const { config, model, train, emit } = inputs;
  const { rows, epoch } = plan[state.step]!;
  gradients.fill(0);
  const result = await gradientStep.run(train, rows, gradients);
  if (!Number.isFinite(result.loss)) {
    throw new TrainerError(
      'NAN_LOSS',
      `the loss of step ${state.step + 1} is not a number: lower the learning rate`,
    );
  }
  const gradientNorm = clipGradients(gradients, config.train.clipNorm);
  const { learningRate: peak, warmupSteps, weightDecay } = config.train;
  const learningRate = planLearningRate(state.step, { peak, warmupSteps, totalSteps: plan.length });
  applyAdamW(state.parameters, gradients, state.optimizer, learningRate, { ...adamWDefaults, weightDecay });
  model.writeAdapter(state.parameters);
  state.step++;
  state.tokensSeen += rows.flat().reduce((sum, index) => sum + train[index]!.tokens.length, 0);
  emit({
    type: 'metric',
    step: state.step,
    epoch,
    trainLoss: result.loss,
    trainMeanTokenAccuracy: result.correct / result.rows,
    learningRate,
    gradientNorm,
    lossTokens: result.rows,
  });
}

/** Evaluates on schedule and at the end; true when it is time to stop early. */
async function evaluateWhenDue(
  inputs: TrainingInputs,
  plan: readonly StepPlan[],
  state: RunState,
  gradientStep: GradientStep,
): Promise<boolean> {
  const { everySteps, patience } = inputs.config.evaluation;
  if (state.step % everySteps !== 0 && state.step !== plan.length) return false;
  await evaluate(inputs, state, gradientStep);
  return patience !== null && state.evaluationsWithoutGain >= patience;
}

/** Scores the evaluation set, where there is one, and remembers the best parameters. */
async function evaluate(inputs: TrainingInputs, state: RunState, gradientStep: GradientStep): Promise<void> {
  const { evaluation, emit } = inputs;
  if (evaluation.length === 0) return;
  const result = await gradientStep.run(evaluation, planEvaluationRows(evaluation), null);
  const isBest = state.best === null || result.loss < state.best.loss;
  if (isBest) {
    state.best = { loss: result.loss, step: state.step };
    state.bestParameters = state.parameters.slice();
    state.evaluationsWithoutGain = 0;
  } else {
    state.evaluationsWithoutGain++;
  }
  const evalMeanTokenAccuracy = result.correct / result.rows;
  emit({ type: 'eval', step: state.step, evalLoss: result.loss, evalMeanTokenAccuracy, best: isBest });
}

function planEvaluationRows(examples: readonly TokenizedExample[]): number[][] {
  const rows: number[][] = [];
  let room = 0;
  examples.forEach((example, index) => {
    if (example.tokens.length > room || rows.length === 0) {
      rows.push([]);
      room = rowTokens;
    }
    rows.at(-1)!.push(index);
    room -= example.tokens.length;
  });
  return rows;
}

function pickResult(
  config: TrainerConfig,
  state: RunState,
): { parameters: Float32Array; bestStep: number | null } {
  const useBest = config.evaluation.patience !== null && state.bestParameters !== null;
  return {
    parameters: useBest ? state.bestParameters! : state.parameters,
    bestStep: state.best?.step ?? null,
  };
}

async function obeyControl(inputs: TrainingInputs, state: RunState): Promise<void> {
  await saveCheckpoint(inputs, state);
  if (inputs.control.wanted === 'checkpoint') inputs.control.wanted = null;
}

async function saveCheckpoint(inputs: TrainingInputs, state: RunState): Promise<void> {
  const path = await writeCheckpoint(inputs.jobFolder, state, inputs.config.checkpoint.keep);
  inputs.emit({ type: 'checkpoint', step: state.step, path });
}

function emitStarted(inputs: TrainingInputs, plan: readonly StepPlan[], state: RunState): void {
  const lengths = inputs.train.map((example) => example.tokens.length);
  const indices = plan.flatMap((step) => step.rows.flat());
  inputs.emit({
    type: 'started',
    engine: 'embedded',
    device: `processor, ${inputs.config.threads} threads`,
    pid: process.pid,
    trainableParameters: inputs.model.layout.size,
    totalSteps: plan.length,
    totalTokens: indices.reduce((sum, index) => sum + lengths[index]!, 0),
    resumedFromStep: state.step > 0 ? state.step : null,
  });
}

function emitProgress(
  emit: EmitEvent,
  plan: readonly StepPlan[],
  state: RunState,
  start: { startMs: number; startStep: number },
): void {
  const seconds = (performance.now() - start.startMs) / 1000;
  const steps = state.step - start.startStep;
  emit({
    type: 'progress',
    step: state.step,
    totalSteps: plan.length,
    epoch: plan[state.step - 1]!.epoch,
    percent: (100 * state.step) / plan.length,
    etaSeconds: (seconds / steps) * (plan.length - state.step),
    tokensSeen: state.tokensSeen,
    tokensPerSecond: state.tokensSeen / seconds,
  });
}
