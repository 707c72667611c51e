import type { EngineResponseExtension } from '@sparkler/api';
import type { Dispatcher } from 'undici';
import {
  type AnswerSummary,
  countsOfExtension,
  cutExtension,
  type Extension,
  findUsage,
} from './answer-summary.ts';
import type { CallerStream } from './caller-stream.ts';
import type { Dialect } from './dialects/dialect.ts';
import { dataOf, FrameScanner } from './frame-scanner.ts';
import { renameModel } from './rename-model.ts';
import { readUsage, type TokenCounts } from './token-counts.ts';

/** How an exchange with a replica ended. */
export type ExchangeEnd =
  /** The whole answer went to the caller. */
  | { readonly kind: 'answered'; readonly status: number }
  /** The replica answered with an error: nothing of it was sent on. */
  | {
      readonly kind: 'refused';
      readonly status: number;
      readonly body: Buffer;
      readonly headers: IncomingHeaders;
    }
  /** No byte of the request reached a replica: another one may be tried. */
  | { readonly kind: 'never-started'; readonly cause: Error }
  /** The replica failed after it had the request. `begun`: it had begun to answer. */
  | { readonly kind: 'broken'; readonly cause: Error; readonly begun: boolean }
  /** The replica sent what is no answer. */
  | { readonly kind: 'invalid'; readonly cause: Error }
  /** We stopped it, because the caller went away or time was up. */
  | { readonly kind: 'aborted' };

type IncomingHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** Answers that are not streamed are held whole: more than this is a broken upstream. */
const ANSWER_BYTES_MAX = 256 * 1024 * 1024;
const ERROR_BYTES_MAX = 64 * 1024;

/**
 * One request on one replica: bytes through to the caller with back-pressure, usage picked out on the way.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly finished: Promise<ExchangeEnd>;
  firstByteMs: number | null = null;
  readonly #caller: CallerStream;
  readonly #dialect: Dialect;
  /** What callers know the model by. */
  readonly #model: string;
  readonly #now: () => number;
  readonly #resolve: (end: ExchangeEnd) => void;
  #controller: Dispatcher.DispatchController | null = null;
  #aborted = false;
  #paused = false;
  #status = 0;
  /** Told by an early hint, before anything is computed. */
  #hintedPromptTokens = 0;
  #headers: IncomingHeaders = {};
  #scanner: FrameScanner | null = null;
  #collected: Buffer[] = [];
  #collectedBytes = 0;
  #extension: EngineResponseExtension | null = null;
  #tokens: TokenCounts | null = null;
  /** Tokens of chunks that do not have exactly one, less one each. */
  #moreTokens = 0;
  #toldError = false;

  constructor(caller: CallerStream, dialect: Dialect, model: string, now: () => number) {
    this.#caller = caller;
    this.#dialect = dialect;
    this.#model = model;
    this.#now = now;
    const { promise, resolve } = Promise.withResolvers<ExchangeEnd>();
    this.finished = promise;
    this.#resolve = resolve;
  }

  /** Stops the replica's work on this request. */
  abort(): void {
    if (this.#aborted) return;
    this.#aborted = true;
    this.#controller?.abort(new Error('the gateway gave this request up'));
    this.#resolve({ kind: 'aborted' });
  }

  /**
   * What is known of the tokens used. Of an unfinished stream, the tokens in the frames that came are
   * counted; other servers do not say them, there it is one a frame. Who leaves before the answer begins has
   * used the prompt; who gets no answer for another reason has used nothing.
   */
  summary(): AnswerSummary {
    if (this.#tokens !== null) return { tokens: this.#tokens, extension: this.#extension };
    const hinted = this.#caller.cancelled === 'gone' ? this.#hintedPromptTokens : 0;
    const promptTokens = Number(this.#headers['fireworks-prompt-tokens'] ?? hinted);
    const cachedPromptTokens = Number(this.#headers['fireworks-cached-prompt-tokens'] ?? 0);
    const frames = (this.#scanner?.dataFrames ?? 0) - (this.#toldError ? 1 : 0);
    // Of other servers the first frame holds the role only; ours say so themselves.
    const more = this.#dialect.extension ? this.#moreTokens : -1;
    const completionTokens = Math.max(0, frames + more);
    return { tokens: { promptTokens, cachedPromptTokens, completionTokens }, extension: null };
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#aborted) controller.abort(new Error('the gateway gave this request up'));
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHeaders,
  ): void {
    if (status < 200) {
      this.#hintedPromptTokens = Number(headers['fireworks-prompt-tokens'] ?? 0);
      return;
    }
    this.#status = status;
    this.#headers = headers;
    if (status !== 200) return;
    this.#caller.addHeaders(this.#passedHeaders());
    if (!String(headers['content-type']).startsWith('text/event-stream')) return;
    // Of other servers every frame: each names the model.
    const marker = this.#dialect.extension ? '"sparkler":' : '{';
    this.#scanner = new FrameScanner(marker, (frame) => this.#readMarked(frame));
    this.#caller.beginEvents();
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.firstByteMs ??= this.#now();
    if (this.#scanner === null) {
      this.#collect(controller, chunk);
      return;
    }
    const frames = this.#scan(controller, this.#scanner, chunk);
    if (frames === null || this.#caller.write(frames) || this.#paused) return;
    // What was parsed already still comes after a pause; one wait for the caller is enough.
    this.#paused = true;
    controller.pause();
    this.#caller.onDrain(() => {
      this.#paused = false;
      controller.resume();
    });
  }

  onResponseEnd(): void {
    if (this.#status !== 200) {
      const body = Buffer.concat(this.#collected);
      this.#resolve({ kind: 'refused', status: this.#status, body, headers: this.#headers });
    } else if (this.#scanner === null) this.#finishWhole();
    else this.#finishStream(this.#scanner);
  }

  onResponseError(_controller: Dispatcher.DispatchController, cause: Error): void {
    if (this.#aborted) this.#resolve({ kind: 'aborted' });
    else if (this.#controller === null) this.#resolve({ kind: 'never-started', cause });
    else if (isNonsense(cause)) this.#resolve({ kind: 'invalid', cause });
    else this.#resolve({ kind: 'broken', cause, begun: this.#status !== 0 });
  }

  #scan(controller: Dispatcher.DispatchController, scanner: FrameScanner, chunk: Buffer): Buffer | null {
    try {
      return scanner.push(chunk);
    } catch {
      controller.abort(new InvalidAnswerError('an event of the stream is not the JSON it should be'));
      return null;
    }
  }

  #collect(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const bytesMax = this.#status === 200 ? ANSWER_BYTES_MAX : ERROR_BYTES_MAX;
    this.#collectedBytes += chunk.length;
    if (this.#collectedBytes > bytesMax)
      controller.abort(new InvalidAnswerError(`the answer has more than ${bytesMax} bytes`));
    else this.#collected.push(chunk);
  }

  #finishWhole(): void {
    if (this.#caller.begun) {
      // A comment went out while the deployment woke up: the caller reads events now, and this is none.
      this.#resolve({ kind: 'invalid', cause: new Error('a stream was answered with something else') });
      return;
    }
    try {
      const answer = Buffer.concat(this.#collected);
      this.#collected = [];
      const { rest, extension } = this.#dialect.extension
        ? cutExtension(answer)
        : { rest: renameModel(answer, this.#model), extension: null };
      this.#noteExtension(extension);
      this.#tokens ??= findUsage(rest);
      this.#caller.send(200, 'application/json; charset=utf-8', rest);
      this.#resolve({ kind: 'answered', status: 200 });
    } catch {
      // A parser's own words would quote the answer.
      this.#resolve({ kind: 'invalid', cause: new Error('the answer is not the JSON it should be') });
    }
  }

  /**
   * A stream is whole when `[DONE]` came; else the replica told an error, which the caller has, or broke off.
   */
  #finishStream(scanner: FrameScanner): void {
    const { done, lastData } = scanner.ending();
    if (done) {
      this.#caller.end();
      this.#resolve({ kind: 'answered', status: 200 });
    } else if (lastData?.startsWith('{"error"')) {
      this.#toldError = true;
      this.#caller.end();
      this.#resolve({ kind: 'answered', status: 500 });
    } else {
      this.#resolve({ kind: 'broken', cause: new Error('the stream ended before [DONE]'), begun: true });
    }
  }

  /** Reads usage out of a frame that has it, and takes off what is not for callers. */
  #readMarked(frame: Buffer): Buffer {
    if (!this.#dialect.extension) {
      if (frame.includes('"usage"')) {
        const { usage } = JSON.parse(dataOf(frame)) as { usage?: unknown };
        this.#tokens = readUsage(usage) ?? this.#tokens;
      }
      return renameModel(frame, this.#model);
    }
    const data = Buffer.from(dataOf(frame));
    const { rest, extension } = cutExtension(data);
    this.#noteExtension(extension);
    return Buffer.concat([DATA, rest, BLANK_LINE]);
  }

  #noteExtension(extension: Extension | null): void {
    if (extension === null) return;
    if ('chunk_tokens' in extension) {
      this.#moreTokens += extension.chunk_tokens - 1;
      return;
    }
    this.#extension = extension;
    this.#tokens = countsOfExtension(extension);
  }

  #passedHeaders(): Record<string, string> {
    const passed: Record<string, string> = {};
    const prefix = this.#dialect.headerPrefix;
    if (prefix === null) return passed;
    for (const name of Object.keys(this.#headers)) {
      const value = this.#headers[name];
      if (name.startsWith(prefix) && typeof value === 'string') passed[name] = value;
    }
    return passed;
  }
}

const DATA = Buffer.from('data: ');
const BLANK_LINE = Buffer.from('\n\n');

/** Why we stop reading a replica that sends no sense. */
class InvalidAnswerError extends Error {}

/** Whether a replica broke the protocol, as opposed to breaking off. */
function isNonsense(cause: Error): boolean {
  return cause instanceof InvalidAnswerError || cause.name === 'HTTPParserError';
}
