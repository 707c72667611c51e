import type { EngineObserver } from './engine-observer.ts';
import type {
  GenerationErrorCode,
  GenerationEvent,
  GenerationListener,
  GenerationRequest,
  GenerationTimings,
  PromptLogprob,
} from './generation.ts';
import type { Sequence } from './sequence.ts';

interface Counters {
  sampleMs: number;
  maskMs: number;
  steps: number;
  draftTokens: number;
  draftTokensAccepted: number;
}

/** One submitted request: its listener, its clock, and the promise of exactly one terminal event. */
export class GenerationJob {
  readonly request: GenerationRequest;
  readonly submittedMs = performance.now();
  /** Rises with each submission: who came first. */
  readonly arrival: number;
  readonly counters: Counters = {
    sampleMs: 0,
    maskMs: 0,
    steps: 0,
    draftTokens: 0,
    draftTokensAccepted: 0,
  };
  /** Choices that have not ended. */
  choicesLeft: number;
  generatedTokens = 0;
  cachedTokens = 0;
  aborted = false;
  ended = false;
  /** Made when it first could start. */
  firstChoice: Sequence | null = null;
  /** The other choices were made. */
  choicesStarted = false;
  /** Last position told to the listener. */
  queuePosition = -1;
  /** Filled while the prompt is computed, if asked for; the first token has none. */
  readonly promptLogprobs: (PromptLogprob | null)[] | null;
  readonly #listener: GenerationListener;
  readonly #observer: EngineObserver;
  #promptSent = false;
  #startedMs: number | null = null;
  #firstTokenMs: number | null = null;
  #prefilledMs: number | null = null;

  constructor(
    request: GenerationRequest,
    listener: GenerationListener,
    arrival: number,
    observer: EngineObserver,
  ) {
    this.request = request;
    this.arrival = arrival;
    this.choicesLeft = request.choices;
    this.promptLogprobs = request.promptLogprobs === null ? null : [null];
    this.#listener = listener;
    this.#observer = observer;
  }

  /** The request left the queue. Later calls (after a preemption) change nothing. */
  start(): void {
    this.#startedMs ??= performance.now();
  }

  /** The prompt is computed; tells the listener once. */
  sendPrompt(): void {
    if (this.#promptSent) return;
    this.#promptSent = true;
    this.#prefilledMs = performance.now();
    const promptTokens = this.request.promptTokens.length;
    const cachedTokens = this.cachedTokens;
    const logprobs = this.promptLogprobs;
    this.emit(
      logprobs === null
        ? { type: 'prompt', promptTokens, cachedTokens }
        : { type: 'prompt', promptTokens, cachedTokens, logprobs },
    );
  }

  sendQueuePosition(position: number): void {
    if (this.queuePosition === position) return;
    this.queuePosition = position;
    this.emit({ type: 'queue', position });
  }

  /** Counts a generated token and asks the layer above whether the choice ends with it. */
  acceptToken(choice: number, token: number): 'continue' | 'stop' {
    this.#firstTokenMs ??= performance.now();
    if (this.aborted) return 'stop';
    this.generatedTokens++;
    const { onToken } = this.request;
    if (onToken === undefined) return 'continue';
    try {
      return onToken(choice, token);
    } catch (error) {
      this.#fail(error);
      return 'stop';
    }
  }

  /** Ends it normally, unless it was aborted on the way. */
  finish(): void {
    if (this.aborted) this.abort();
    else
      this.#end('finish', { type: 'finish', generatedTokens: this.generatedTokens, timings: this.timings() });
  }

  fail(code: GenerationErrorCode, message: string): void {
    this.#end('error', { type: 'error', code, message });
  }

  abort(): void {
    this.#end('aborted', { type: 'aborted' });
  }

  emit(event: GenerationEvent): void {
    if (this.ended || this.aborted) return;
    try {
      this.#listener(event);
    } catch (error) {
      this.#fail(error);
    }
  }

  timings(): GenerationTimings {
    const now = performance.now();
    const started = this.#startedMs ?? now;
    const prefilled = this.#prefilledMs ?? now;
    const { sampleMs, maskMs, steps, draftTokens, draftTokensAccepted } = this.counters;
    return {
      queueMs: started - this.submittedMs,
      prefillMs: prefilled - started,
      decodeMs: now - prefilled,
      sampleMs,
      maskMs,
      firstTokenMs: this.#firstTokenMs === null ? null : this.#firstTokenMs - this.submittedMs,
      steps,
      draftTokens,
      draftTokensAccepted,
    };
  }

  #end(end: 'finish' | 'error' | 'aborted', event: GenerationEvent): void {
    if (this.ended) return;
    const { request } = this;
    this.ended = true;
    this.#observer.onRequestEnd?.({
      id: request.id,
      end,
      adapter: request.adapter,
      tenant: request.tenant,
      promptTokens: request.promptTokens.length,
      cachedTokens: this.cachedTokens,
      generatedTokens: this.generatedTokens,
      timings: this.timings(),
    });
    try {
      this.#listener(event);
    } catch (error) {
      this.#observer.onListenerError?.(request.id, error);
    }
  }

  #fail(error: unknown): void {
    this.aborted = true;
    this.#observer.onListenerError?.(this.request.id, error);
  }
}
