import type { ServerResponse } from 'node:http';
import { InferenceError, toInferenceErrorBody } from '@sparkler/api';
import type { GenerationEngine } from '../../core/generation.ts';
import type { ModelTokenizer } from '../../core/model-runner.ts';
import { joinPieces, type OutputPiece } from '../../text/output-piece.ts';
import type { AnswerToken, ChoiceDelta, FinishReason } from './choice-assembler.ts';
import { formatLogprobs } from './format-logprobs.ts';
import type { GenerationPlan } from './generation-plan.ts';
import { GenerationRun } from './generation-run.ts';
import { buildEnvelope, buildRawOutput, promptTokensOf } from './response-parts.ts';
import type { ChoiceExtras, ResponseShape } from './response-shape.ts';
import { reportExtension, reportPerformance, reportUsage, toHeaders } from './run-report.ts';

export interface StreamOptions {
  readonly plan: GenerationPlan;
  readonly engine: GenerationEngine;
  readonly tokenizer: ModelTokenizer;
  readonly shape: ResponseShape;
  readonly raw: ServerResponse;
  /** When the request arrived, as of performance.now(). */
  readonly arrivedMs: number;
  /**
   * A comment is sent when nothing else was for so long, so that no proxy gives up on a request in the queue.
   */
  readonly keepAliveMs: number;
}

interface PendingChoice {
  readonly pieces: OutputPiece[];
  /** Tokens whose text is not complete wait here with it. */
  readonly tokens: AnswerToken[];
  /** All tokens of the answer with their log probabilities, kept only for raw_output. */
  readonly answer: AnswerToken[];
  sentIds: number;
  /** Tokens in the chunks sent so far. */
  sentTokens: number;
  sentPromptIds: boolean;
}

/**
 * One answer as server-sent events, written straight to the socket. A client that reads slowly gets fewer,
 * larger chunks: what comes while the socket is full waits and goes out as one, so no more than the answer
 * itself is ever held.
 */
export class ResponseStream {
  /** Resolves when the response is over; rejects with InferenceError while nothing has been sent. */
  readonly done: Promise<void>;
  readonly #options: StreamOptions;
  readonly #run: GenerationRun;
  readonly #choices: PendingChoice[];
  readonly #settle: { resolve: () => void; reject: (error: InferenceError) => void };
  readonly #timer: NodeJS.Timeout;
  /** The end of the choice that ended last waits: the last chunk of all carries the usage. */
  #heldEnd: { choice: number; finish: FinishReason } | null = null;
  #opened = false;
  #over = false;
  #full = false;
  #flushQueued = false;
  #idle = true;
  #queuePosition: number | null = null;

  constructor(options: StreamOptions) {
    this.#options = options;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.done = promise;
    this.#settle = { resolve, reject };
    const { plan, raw } = options;
    const count = plan.prompts.length * plan.choicesPerPrompt;
    this.#choices = Array.from({ length: count }, () => ({
      pieces: [],
      tokens: [],
      answer: [],
      sentIds: 0,
      sentTokens: 0,
      sentPromptIds: false,
    }));
    this.#run = new GenerationRun(plan, options.engine, options.tokenizer, {
      queued: (position) => {
        this.#queuePosition = position;
      },
      prompted: () => this.#open(),
      delta: (choice, delta) => this.#add(choice, delta),
      choiceEnded: (choice, rest, finish) => this.#endChoice(choice, rest, finish),
      finished: () => this.#finish(),
      failed: (error) => this.#fail(error),
      aborted: () =>
        this.#fail(new InferenceError(503, 'the engine is shutting down; send the request again')),
    });
    raw.on('drain', () => {
      this.#full = false;
      this.#flush();
    });
    raw.on('close', () => this.#abandon());
    this.#timer = setInterval(() => this.#keepAlive(), options.keepAliveMs);
    // The reader may have gone while the texts were read.
    if (raw.destroyed) this.#abandon();
  }

  /** The reader went away: nobody needs the rest. */
  #abandon(): void {
    if (this.#over) return;
    this.#end();
    this.#run.abort();
  }

  #open(): void {
    if (this.#opened || this.#over) return;
    this.#opened = true;
    const { raw, plan, shape, arrivedMs } = this.#options;
    raw.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache',
      // nginx buffers event streams unless told not to.
      'x-accel-buffering': 'no',
      'x-request-id': plan.requestId,
      ...toHeaders(reportPerformance(this.#run, false, performance.now() - arrivedMs), plan),
    });
    raw.flushHeaders();
    this.#choices.forEach((state, index) => {
      const choice = shape.openChoice(index);
      if (choice === null) return;
      this.#sendChunk(choice, { ...this.#promptIds(state, index, 'envelope'), ...this.#count(state, index) });
    });
  }

  #add(choice: number, delta: ChoiceDelta): void {
    this.#open();
    const state = this.#choices[choice]!;
    state.pieces.push(...delta.pieces);
    if (this.#options.plan.logprobs !== null) {
      state.tokens.push(...delta.tokens);
      if (this.#options.plan.rawOutput) state.answer.push(...delta.tokens);
    }
    if (this.#flushQueued) return;
    this.#flushQueued = true;
    // Tokens of one engine step come in one go; they make one chunk a choice.
    queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    this.#flushQueued = false;
    if (this.#full || this.#over) return;
    this.#choices.forEach((state, index) => {
      if (state.pieces.length > 0) this.#sendDelta(state, index, null);
    });
  }

  #sendDelta(state: PendingChoice, index: number, finish: FinishReason | null, more: object = {}): void {
    const { plan, shape, tokenizer } = this.#options;
    const pieces = joinPieces(state.pieces.splice(0));
    const tokens = state.tokens.splice(0);
    const generated = this.#run.choices[index]!.tokens;
    const extras: ChoiceExtras = {
      logprobs: tokens.length === 0 ? null : formatLogprobs(tokens, plan.logprobs, tokenizer),
      ...(plan.returnTokenIds ? { token_ids: generated.slice(state.sentIds) } : {}),
      ...this.#promptIds(state, index, 'choice'),
      ...(plan.rawOutput && finish !== null
        ? { raw_output: buildRawOutput(this.#run, index, state.answer, tokenizer) }
        : {}),
    };
    state.sentIds = generated.length;
    const counted = this.#count(state, index);
    this.#sendChunk(shape.chunkChoice(index, pieces, finish, extras), { ...counted, ...more });
  }

  /** How many tokens a chunk has, for the gateway; most have one, and say nothing. */
  #count(state: PendingChoice, index: number): object {
    const made = this.#run.choices[index]!.tokens.length;
    const tokens = made - state.sentTokens;
    state.sentTokens = made;
    return this.#options.plan.countsChunks && tokens !== 1 ? { sparkler: { chunk_tokens: tokens } } : {};
  }

  #promptIds(state: PendingChoice, index: number, place: 'envelope' | 'choice'): object {
    const { plan, shape } = this.#options;
    if (!plan.returnTokenIds || shape.promptIdsIn !== place || state.sentPromptIds) return {};
    state.sentPromptIds = true;
    return { prompt_token_ids: promptTokensOf(this.#run, index) };
  }

  #endChoice(choice: number, rest: ChoiceDelta, finish: FinishReason): void {
    this.#open();
    this.#sendHeldEnd({});
    const state = this.#choices[choice]!;
    state.pieces.push(...rest.pieces);
    // The end carries no text of its own, as in OpenAI's streams.
    if (state.pieces.length > 0) this.#sendDelta(state, choice, null);
    this.#heldEnd = { choice, finish };
  }

  #sendHeldEnd(more: object): void {
    const held = this.#heldEnd;
    if (held === null) return;
    this.#heldEnd = null;
    this.#sendDelta(this.#choices[held.choice]!, held.choice, held.finish, more);
  }

  #finish(): void {
    const { plan, arrivedMs } = this.#options;
    const processingMs = performance.now() - arrivedMs;
    this.#sendHeldEnd({
      usage: reportUsage(this.#run),
      ...(plan.perfMetrics ? { perf_metrics: reportPerformance(this.#run, true, processingMs) } : {}),
      sparkler: reportExtension(this.#run),
    });
    this.#options.raw.end('data: [DONE]\n\n');
    this.#end();
  }

  /** An error is a status while nothing has been sent, and an event without [DONE] behind it afterwards. */
  #fail(error: InferenceError): void {
    if (this.#over) return;
    if (this.#opened) {
      const body = toInferenceErrorBody(error, this.#options.plan.requestId);
      this.#options.raw.end(`data: ${JSON.stringify(body)}\n\n`);
      this.#end();
      return;
    }
    this.#end(error);
  }

  #keepAlive(): void {
    if (this.#idle && !this.#full) {
      this.#open();
      const waits = this.#queuePosition !== null && !this.#run.allPrompted;
      this.#write(waits ? `: queued ${this.#queuePosition}\n\n` : ': working\n\n');
    }
    this.#idle = true;
  }

  #sendChunk(choice: object, more: object = {}): void {
    const { shape } = this.#options;
    const chunk = { ...buildEnvelope(this.#run, shape.chunkObject), choices: [choice], usage: null, ...more };
    this.#write(`data: ${JSON.stringify(chunk)}\n\n`);
  }

  #write(text: string): void {
    this.#idle = false;
    if (!this.#options.raw.write(text)) this.#full = true;
  }

  #end(error?: InferenceError): void {
    this.#over = true;
    clearInterval(this.#timer);
    if (error === undefined) this.#settle.resolve();
    else this.#settle.reject(error);
  }
}
