import type { RunnerLimits } from './model-runner.ts';

/** What an operator may choose. Everything has a default that follows from the runner's limits. */
export interface EnginePolicy {
  /** Requests that may wait; one more is refused with `queue-full`. */
  readonly queueMax: number;
  /** Sequences that run at once; cached prefixes live in the slots that are idle. */
  readonly runningMax: number;
  /** Prompt tokens per step while nobody else is decoding. */
  readonly prefillTokensMax: number;
  /**
   * Aim for the length of a step while others decode: prompt chunks are cut so that their tokens keep
   * flowing. The engine measures what a row costs.
   */
  readonly stepTargetMs: number;
  /** Prompt tokens per step are never cut below this, or a long prompt would not get on. */
  readonly prefillTokensMin: number;
  /**
   * Steps one adapter's sequences run before those of the next get their turn (switching costs a graph
   * rebuild).
   */
  readonly adapterTurnSteps: number;
  /** Whether prefixes are kept after their request ended. */
  readonly prefixCache: boolean;
  /**
   * Cells that idle prefixes may keep occupied while others run; older ones move to host memory even without
   * pressure. By default a quarter if there is host memory: attention walks over all used cells, so on a CPU
   * 1000 idle ones slow every decoded token by about 8 %, while saving and restoring them takes 20 ms once.
   */
  readonly cachedCellsMax: number;
  /** Bytes of host memory for cold prefixes and preempted sequences. 0: none. */
  readonly hostBytesMax: number;
  /** Whether the engine may speculate at all. */
  readonly speculation: boolean;
  /** Draft tokens per sequence and step. */
  readonly draftTokensMax: number;
  /** Tokens of its own text that must repeat before a sequence drafts what followed them last time. */
  readonly ngramTokens: number;
  /**
   * Rows with logits per step, at least one a running sequence: each takes vocabularySize floats in the
   * runner.
   */
  readonly logitRowsMax: number;
}

/** Fills in defaults and refuses values that cannot work, by name. */
export function resolvePolicy(limits: RunnerLimits, given: Partial<EnginePolicy> = {}): EnginePolicy {
  const policy: EnginePolicy = {
    queueMax: 1024,
    runningMax: limits.sequencesMax,
    prefillTokensMax: limits.batchTokensMax,
    stepTargetMs: 150,
    prefillTokensMin: Math.min(32, limits.batchTokensMax),
    adapterTurnSteps: 4,
    prefixCache: true,
    cachedCellsMax: given.hostBytesMax === 0 ? limits.cellsMax : Math.floor(limits.cellsMax / 4),
    hostBytesMax: 1024 ** 3,
    speculation: true,
    draftTokensMax: Math.min(63, limits.batchTokensMax - 1),
    ngramTokens: 3,
    logitRowsMax: Math.max(256, limits.sequencesMax),
    ...given,
  };
  requireRange(policy, 'queueMax', 0, Number.MAX_SAFE_INTEGER);
  requireRange(policy, 'runningMax', 1, limits.sequencesMax);
  requireRange(policy, 'prefillTokensMax', 1, limits.batchTokensMax);
  requireRange(policy, 'prefillTokensMin', 1, policy.prefillTokensMax);
  requireRange(policy, 'stepTargetMs', 0, Number.MAX_SAFE_INTEGER);
  requireRange(policy, 'adapterTurnSteps', 1, Number.MAX_SAFE_INTEGER);
  requireRange(policy, 'cachedCellsMax', 0, limits.cellsMax);
  requireRange(policy, 'hostBytesMax', 0, Number.MAX_SAFE_INTEGER);
  requireRange(policy, 'draftTokensMax', 0, limits.batchTokensMax - 1);
  requireRange(policy, 'ngramTokens', 1, 16);
  requireRange(policy, 'logitRowsMax', policy.runningMax, Number.MAX_SAFE_INTEGER);
  return policy;
}

type NumericSetting = {
  [K in keyof EnginePolicy]: EnginePolicy[K] extends number ? K : never;
}[keyof EnginePolicy];

function requireRange(policy: EnginePolicy, name: NumericSetting, min: number, max: number): void {
  const value = policy[name];
  if (Number.isFinite(value) && value >= min && value <= max) return;
  throw new RangeError(
    `Engine policy ${name} is ${value}; it must be between ${min} and ${max} for this runner.`,
  );
}
