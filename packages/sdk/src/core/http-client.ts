import { AbortedError, ConnectionError, createApiError, FireworksError, TimeoutError } from './errors.ts';
import { isRetryableStatus, planRetryDelay } from './retry.ts';
import { sleep } from './sleep.ts';
import { Stream } from './stream.ts';

export interface HttpSettings {
  /** Origin of the platform, without a path: control plane at `/v1`, inference at `/inference/v1`. */
  readonly origin: string;
  readonly apiKey: string;
  /** Time limit of one try, milliseconds; a stream must begin within it. */
  readonly timeoutMs: number;
  /** Repetitions after the first try. */
  readonly retriesMax: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly fetch: typeof fetch;
}

/** What a caller may say about one call. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
  readonly retriesMax?: number | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

export type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

export interface Call {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  /** Absolute path, encoded. */
  readonly path: string;
  readonly query?: Query | undefined;
  /** JSON body. */
  readonly body?: unknown;
  readonly options?: CallOptions | undefined;
}

/** One place that talks HTTP: authorization, time limits, retries and the mapping of errors. */
export class HttpClient {
  readonly settings: HttpSettings;

  constructor(settings: HttpSettings) {
    this.settings = settings;
  }

  /** The parsed JSON answer; an empty body is `{}`. */
  async json<Result>(call: Call): Promise<Result> {
    const { response, release } = await this.#send(call);
    try {
      const text = await response.text();
      return (text === '' ? {} : JSON.parse(text)) as Result;
    } catch (cause) {
      throw explainFailure(cause, call.options?.signal, this.#timeoutMs(call));
    } finally {
      release();
    }
  }

  /** The raw answer (metrics, logs, downloads); errors are still thrown as classes. */
  async raw(call: Call): Promise<Response> {
    const { response, release } = await this.#send(call);
    release();
    return response;
  }

  async stream<Chunk>(call: Call): Promise<Stream<Chunk>> {
    const { response, controller, release } = await this.#send(call);
    release();
    return new Stream<Chunk>(response, controller);
  }

  #timeoutMs(call: Call): number {
    return call.options?.timeoutMs ?? this.settings.timeoutMs;
  }

  async #send(call: Call): Promise<Attempt> {
    const retriesMax = call.options?.retriesMax ?? this.settings.retriesMax;
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.#try(call);
      if (!(outcome instanceof Retryable)) return outcome;
      const delayMs = planRetryDelay(attempt, outcome.retryAfter, Date.now(), Math.random());
      if (attempt > retriesMax || delayMs === null) throw outcome.error;
      await sleep(delayMs, call.options?.signal);
    }
  }

  async #try(call: Call): Promise<Attempt | Retryable> {
    const controller = new AbortController();
    const release = linkAbort(controller, call.options?.signal, this.#timeoutMs(call));
    let response: Response;
    try {
      response = await this.settings.fetch(this.#url(call), {
        method: call.method,
        headers: this.#headers(call),
        signal: controller.signal,
        ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      });
      if (response.ok) return { response, controller, release };
      const error = createApiError(response.status, await response.text(), response.headers);
      release();
      if (!isRetryableStatus(response.status)) throw error;
      return new Retryable(error, response.headers.get('retry-after'));
    } catch (cause) {
      release();
      const error = explainFailure(cause, call.options?.signal, this.#timeoutMs(call));
      // A broken connection may have reached the server: only calls that are safe to repeat are repeated.
      const isSafe = error instanceof ConnectionError && (call.method === 'GET' || isRefused(cause));
      if (isSafe) return new Retryable(error, null);
      throw error;
    }
  }

  #url(call: Call): string {
    const url = new URL(call.path, this.settings.origin);
    for (const [key, value] of Object.entries(call.query ?? {})) {
      if (value !== undefined)
        url.searchParams.set(key, Array.isArray(value) ? value.join(',') : String(value));
    }
    return url.href;
  }

  #headers(call: Call): Record<string, string> {
    return {
      accept: 'application/json',
      authorization: `Bearer ${this.settings.apiKey}`,
      ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...this.settings.headers,
      ...call.options?.headers,
    };
  }
}

interface Attempt {
  readonly response: Response;
  readonly controller: AbortController;
  /** Ends the time limit; the caller's signal still aborts. */
  readonly release: () => void;
}

class Retryable {
  readonly error: FireworksError;
  readonly retryAfter: string | null;

  constructor(error: FireworksError, retryAfter: string | null) {
    this.error = error;
    this.retryAfter = retryAfter;
  }
}

/** Aborts the controller on the caller's signal or the time limit. Returns what ends the time limit. */
function linkAbort(
  controller: AbortController,
  signal: AbortSignal | undefined,
  timeoutMs: number,
): () => void {
  const abort = (): void => controller.abort(signal?.reason);
  if (signal?.aborted === true) abort();
  signal?.addEventListener('abort', abort, { once: true });
  const timer = setTimeout(() => controller.abort(new TimeoutError('timeout')), timeoutMs);
  return () => clearTimeout(timer);
}

function explainFailure(cause: unknown, signal: AbortSignal | undefined, timeoutMs: number): FireworksError {
  if (cause instanceof FireworksError && !(cause instanceof TimeoutError)) return cause;
  if (signal?.aborted === true) return new AbortedError('the call was aborted', { cause });
  if (cause instanceof TimeoutError) {
    return new TimeoutError(
      `no answer within ${timeoutMs} ms: raise timeoutMs, or see whether the server is busy`,
    );
  }
  const reason = cause instanceof Error ? (causeMessage(cause) ?? cause.message) : String(cause);
  return new ConnectionError(`cannot reach the server: ${reason}`, { cause });
}

function causeMessage(error: Error): string | null {
  return error.cause instanceof Error ? error.cause.message : null;
}

/** Nothing was sent: the connection was refused or the name not found. */
function isRefused(cause: unknown): boolean {
  const code = cause instanceof Error ? (cause.cause as { code?: unknown } | undefined)?.code : undefined;
  return code === 'ECONNREFUSED' || code === 'ENOTFOUND' || code === 'EAI_AGAIN';
}
