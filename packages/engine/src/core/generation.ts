/** What goes into the engine core and what comes out: token ids and numbers only, no text, no JSON. */
import type { ConstraintFactory } from './constraint.ts';

/**
 * Sampling options, as the inference API defines them; every field is resolved (no defaults left to apply).
 */
export interface SamplingOptions {
  /** 0 is greedy. */
  readonly temperature: number;
  /** 0 or the vocabulary size: off. */
  readonly topK: number;
  /** 1: off. */
  readonly topP: number;
  /** 0: off. */
  readonly minP: number;
  /** 1: off. */
  readonly typicalP: number;
  /** 1: off. Multiplicative, over prompt and output. */
  readonly repetitionPenalty: number;
  /** 0: off. Per occurrence in the output. */
  readonly frequencyPenalty: number;
  /** 0: off. Once per token that occurs in the output. */
  readonly presencePenalty: number;
  /** Target surprise in bits, as in the paper and llama.cpp; null: mirostat off. */
  readonly mirostatTarget: number | null;
  /** How fast mirostat's bound follows the observed surprise. */
  readonly mirostatRate: number;
  /** Added to the logits, token id -> bias; -200 … 200. */
  readonly logitBias: ReadonlyMap<number, number>;
  /** Same seed and request, same text. Any safe integer. */
  readonly seed: number;
}

export interface GenerationRequest {
  readonly id: string;
  readonly promptTokens: readonly number[];
  readonly sampling: SamplingOptions;
  readonly maxTokens: number;
  readonly minTokens: number;
  /** Number of choices; they share the prompt's cells. */
  readonly choices: number;
  /** Generation ends after one of these, unless `ignoreEnd`. */
  readonly endTokens: readonly number[];
  readonly ignoreEnd: boolean;
  /** Adapter id, or null for the base model. */
  readonly adapter: string | null;
  /** Cached prefixes are shared only between requests with the same key. */
  readonly isolationKey: string;
  /** At most this many prompt tokens may come from the cache; null: no bound. */
  readonly cacheTokensMax: number | null;
  /** Fairness is across tenants: the account, or any opaque string. */
  readonly tenant: string;
  /** Larger runs first. 0 is normal, negative is over-limit traffic. */
  readonly priority: number;
  /** Log probabilities of generated tokens: number of alternatives (0: only the chosen), or null for none. */
  readonly logprobs: number | null;
  /** The same for prompt tokens (echo with logprobs). */
  readonly promptLogprobs: number | null;
  /** The text the caller expects, as tokens: drafts are taken from it. */
  readonly prediction: readonly number[] | null;
  /** Whether the engine may speculate on its own (n-gram lookup, draft model). */
  readonly speculate: boolean;
  readonly constraint: ConstraintFactory | null;
  /**
   * Called for each generated token before it counts as accepted further; `stop` ends the choice with this
   * token included (stop strings are text, so the layer above decides). Must not throw and must be fast.
   */
  readonly onToken?: ((choice: number, token: number) => 'continue' | 'stop') | undefined;
}

export interface TokenAlternative {
  readonly token: number;
  readonly logprob: number;
}

export type EndReason = 'stop' | 'length';

/** Counters and durations of one request, milliseconds. */
export interface GenerationTimings {
  readonly queueMs: number;
  readonly prefillMs: number;
  readonly decodeMs: number;
  readonly sampleMs: number;
  readonly maskMs: number;
  readonly firstTokenMs: number | null;
  readonly steps: number;
  readonly draftTokens: number;
  readonly draftTokensAccepted: number;
}

/**
 * Exactly one of finish, error, aborted ends every submitted request, and nothing follows it.
 */
export type GenerationEvent =
  /** Sent on admission to the queue and whenever the place changes. 0: runs next. */
  | { readonly type: 'queue'; readonly position: number }
  | {
      readonly type: 'prompt';
      readonly promptTokens: number;
      readonly cachedTokens: number;
      /** One per prompt token, the first null; present only when asked for. */
      readonly logprobs?: readonly (PromptLogprob | null)[];
    }
  | {
      readonly type: 'token';
      readonly choice: number;
      readonly token: number;
      /** Present when logprobs were asked for; before temperature and filters. */
      readonly logprob?: number;
      readonly alternatives?: readonly TokenAlternative[];
    }
  | { readonly type: 'choice-end'; readonly choice: number; readonly reason: EndReason }
  | { readonly type: 'finish'; readonly generatedTokens: number; readonly timings: GenerationTimings }
  | { readonly type: 'error'; readonly code: GenerationErrorCode; readonly message: string }
  | { readonly type: 'aborted' };

export interface PromptLogprob {
  readonly logprob: number;
  readonly alternatives: readonly TokenAlternative[];
}

export type GenerationErrorCode =
  | 'queue-full'
  | 'prompt-too-long'
  | 'cache-too-small'
  | 'adapter-missing'
  | 'invalid-request'
  /** The engine is shutting down; another replica may take the request. */
  | 'closing'
  | 'internal';

export type GenerationListener = (event: GenerationEvent) => void;

/** The engine core seen from the HTTP layer. */
export interface GenerationEngine {
  /** Events come on later ticks, never within the call. Never throws for a request: errors are events. */
  submit(request: GenerationRequest, listener: GenerationListener): void;
  /** Ends a request within one step; it gets `aborted` unless it ended before. Unknown ids are ignored. */
  abort(id: string): void;
  status(): EngineStatus;
  /** Finishes running requests within the time, aborts the rest, then stops the loop. */
  close(graceMs: number): Promise<void>;
}

export interface EngineStatus {
  readonly running: number;
  readonly waiting: number;
  readonly queueMax: number;
  readonly cellsUsed: number;
  readonly cellsMax: number;
  /** Rows of the last step. */
  readonly batchRows: number;
  readonly adapters: readonly string[];
  readonly steps: number;
}
