import type { Constraint } from './constraint.ts';
import type { GenerationJob } from './generation-job.ts';
import type { LoadedAdapter } from './model-runner.ts';
import { needsTokenCounts } from './sampling/adjust-logits.ts';
import { createSamplerState, type SamplerState } from './sampling/sampler.ts';
import { TokenCounts } from './sampling/token-counts.ts';
import type { DraftSource } from './speculation/speculator.ts';
import { TokenBuffer } from './token-buffer.ts';

/**
 * A sequence with output and at most this many pending tokens counts as decoding (forced tokens come in
 * runs).
 */
const DECODE_PENDING_MAX = 32;

/**
 * Key of everything that may share cells: adapter with version, and isolation key. JSON, so that no two
 * collide.
 */
export function makeCacheSpace(adapter: LoadedAdapter | null, isolationKey: string): string {
  return JSON.stringify(adapter === null ? [isolationKey] : [isolationKey, adapter.id, adapter.version]);
}

/** Whether a cache space belongs to this version of an adapter. */
export function isInSpaceOf(space: string, adapter: LoadedAdapter): boolean {
  const [, id, version] = JSON.parse(space) as string[];
  return id === adapter.id && version === adapter.version;
}

/**
 * One choice of one request. `tokens` is prompt and output; the slot's cells hold the first `computed` of
 * them, and the rest is pending: a whole prompt at first, one token while decoding, several after forced
 * tokens.
 */
export class Sequence {
  readonly job: GenerationJob;
  readonly choice: number;
  readonly adapter: LoadedAdapter | null;
  readonly cacheSpace: string;
  readonly promptLength: number;
  readonly tokens: TokenBuffer;
  readonly windowTokens: number;
  /** Longest this sequence may get, prompt included. */
  readonly lengthMax: number;
  readonly sampler: SamplerState;
  readonly counts: TokenCounts | null;
  readonly constraint: Constraint | null;
  computed = 0;
  /** -1 while it has none. */
  slot = -1;
  /** Tokens that may follow, to be verified in the next step, and who proposed them. */
  drafts: readonly number[] = [];
  draftSource: DraftSource | null = null;
  /** It was preempted once: it needs more room to come back, or it would go again at once. */
  wasPreempted = false;
  /** Steps in a row in which it had work and got no rows. */
  passedOver = 0;

  constructor(job: GenerationJob, choice: number, adapter: LoadedAdapter | null, windowTokens: number) {
    const { request } = job;
    this.job = job;
    this.choice = choice;
    this.adapter = adapter;
    this.cacheSpace = makeCacheSpace(adapter, request.isolationKey);
    this.promptLength = request.promptTokens.length;
    this.tokens = new TokenBuffer(request.promptTokens);
    this.windowTokens = windowTokens;
    this.lengthMax = Math.min(windowTokens, this.promptLength + request.maxTokens);
    this.sampler = createSamplerState(request.sampling, choice);
    this.counts = needsTokenCounts(request.sampling) ? new TokenCounts(request.promptTokens) : null;
    this.constraint = request.constraint === null ? null : request.constraint();
  }

  get generated(): number {
    return this.tokens.length - this.promptLength;
  }

  /**
   * The prompt's rows all need logits: its log probabilities are wanted and not complete. One choice does it
   * for all.
   */
  get needsEveryLogit(): boolean {
    const { promptLogprobs } = this.job;
    return promptLogprobs !== null && this.choice === 0 && promptLogprobs.length < this.promptLength;
  }

  get pending(): number {
    return this.tokens.length - this.computed;
  }

  get isDecoding(): boolean {
    return this.generated > 0 && this.pending <= DECODE_PENDING_MAX;
  }
}
