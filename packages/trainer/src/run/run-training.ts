import { setImmediate } from 'node:timers/promises';
import { type PackedRow, planSteps, type StepPlan } from '../data/plan-steps.ts';
import type { TokenizedExample } from '../data/tokenize-example.ts';
import type { BatchResult } from '../graph/training-graph.ts';
import type { TrainableModel } from '../model/trainable-model.ts';
import { adamWDefaults, applyAdamW, clipGradients, createAdamWState } from '../optimize/adamw.ts';
import { planLearningRate } from '../optimize/schedule.ts';
import { type EmitEvent, TrainerError } from '../process/events.ts';
import { type RunState, readNewestCheckpoint, writeCheckpoint } from './checkpoint.ts';
import { GradientStep } from './gradient-step.ts';
import type { TrainerConfig } from './trainer-config.ts';

/**
 * What may be asked of a run from outside. Read before every row of a step: a step that is interrupted counts
 * as not begun.
 */
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

/** A run under way. */
interface Run extends TrainingInputs {
  readonly plan: readonly StepPlan[];
  readonly state: RunState;
  readonly gradientStep: GradientStep;
  readonly gradients: Float32Array;
  readonly startMs: number;
  readonly startStep: number;
  readonly startTokens: number;
  /** Step of the newest checkpoint. */
  savedStep: number;
}

/** The whole run: resumes, steps, evaluates, checkpoints, and ends for one of four reasons. */
export async function runTraining(inputs: TrainingInputs): Promise<TrainingOutcome> {
  const plan = planSteps(inputs.train, { ...inputs.config.train, rowTokens });
  const state = await startState(inputs);
  emitStarted(inputs, plan, state);
  const run: Run = {
    ...inputs,
    plan,
    state,
    gradientStep: new GradientStep(inputs.model),
    gradients: new Float32Array(inputs.model.layout.size),
    startMs: performance.now(),
    startStep: state.step,
    startTokens: state.tokensSeen,
    savedStep: state.step,
  };
  try {
    let status: TrainingOutcome['status'] | null = null;
    while (status === null) status = await advance(run);
    return { status, ...pickResult(inputs.config, state) };
  } finally {
    run.gradientStep.free();
  }
}

/** One evaluation or one step, or what ends the run. What is interrupted is due again. */
async function advance(run: Run): Promise<TrainingOutcome['status'] | null> {
  const { config, plan, state, control } = run;
  const { patience } = config.evaluation;
  if (patience !== null && state.evaluationsWithoutGain >= patience) return 'early_stopped';
  const isEvaluationNext = isEvaluationDue(run);
  const isSaved = run.savedStep === state.step || state.step % config.checkpoint.everySteps !== 0;
  if (!isEvaluationNext && !isSaved) await saveCheckpoint(run);
  if (!isEvaluationNext && state.step >= plan.length) return 'completed';
  await letCommandsIn();
  const asked = control.wanted;
  if (asked !== null) {
    control.wanted = null;
    // A cancelled job leaves a checkpoint too: it may be resumed.
    await saveCheckpoint(run);
    if (asked !== 'checkpoint') return asked === 'cancel' ? 'cancelled' : 'paused';
  }
  await (isEvaluationNext ? evaluate(run) : takeStep(run));
  return null;
}

/**
 * Before the first step (what the model knew: the first point of the curve, and the bar for early stopping),
 * on schedule, and at the end.
 */
function isEvaluationDue({ config, plan, state }: Run): boolean {
  if (state.evaluatedStep === state.step) return false;
  return state.step % config.evaluation.everySteps === 0 || state.step === plan.length;
}

/** Two turns of the event loop have one whole poll between them: what was sent before is heard after. */
async function letCommandsIn(): Promise<void> {
  await setImmediate();
  await setImmediate();
}

async function startState(inputs: TrainingInputs): Promise<RunState> {
  const saved = inputs.resume ? await readNewestCheckpoint(inputs.jobFolder) : null;
  if (saved !== null && saved.parameters.length !== inputs.model.layout.size) {
    throw new TrainerError('BAD_CONFIG', 'the checkpoint belongs to an adapter of another shape');
  }
  const fresh: RunState = {
    step: 0,
    evaluatedStep: null,
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

async function takeStep(run: Run): Promise<void> {
  const { config, model, train, emit, plan, state, gradients } = run;
  const { rows, epoch } = plan[state.step]!;
  gradients.fill(0);
  const result = await runRows(run, train, rows, gradients);
  if (result === null) return;
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
  emitProgress(run);
}

/** Null when the run is to end: before the next row, as a step of many rows takes minutes. */
function runRows(
  { gradientStep, control }: Run,
  examples: readonly TokenizedExample[],
  rows: readonly PackedRow[],
  gradients: Float32Array | null,
): Promise<BatchResult | null> {
  return gradientStep.runUntil(examples, rows, gradients, async () => {
    await letCommandsIn();
    return control.wanted === 'cancel' || control.wanted === 'pause';
  });
}

/** Scores the evaluation set, where there is one, and remembers the best parameters. */
async function evaluate(run: Run): Promise<void> {
  const { evaluation, emit, state } = run;
  const rows = planEvaluationRows(evaluation);
  const result = await runRows(run, evaluation, rows, null);
  if (result === null) return;
  state.evaluatedStep = state.step;
  if (evaluation.length === 0) return;
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

/** Rows that the evaluation set is scored in. */
export function planEvaluationRows(examples: readonly TokenizedExample[]): number[][] {
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

async function saveCheckpoint(run: Run): Promise<void> {
  const { state, jobFolder, config, emit } = run;
  const path = await writeCheckpoint(jobFolder, state, config.checkpoint.keep);
  run.savedStep = state.step;
  emit({ type: 'checkpoint', step: state.step, path });
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

function emitProgress({ emit, plan, state, startMs, startStep, startTokens }: Run): void {
  const seconds = (performance.now() - startMs) / 1000;
  const steps = state.step - startStep;
  emit({
    type: 'progress',
    step: state.step,
    totalSteps: plan.length,
    epoch: plan[state.step - 1]!.epoch,
    percent: (100 * state.step) / plan.length,
    etaSeconds: (seconds / steps) * (plan.length - state.step),
    tokensSeen: state.tokensSeen,
    tokensPerSecond: (state.tokensSeen - startTokens) / seconds,
  });
}
