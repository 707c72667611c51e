import type { GatewaySettings } from '../http/context.ts';
import type { CallerStream } from './caller-stream.ts';

/** How often open calls are looked at; far below every limit they are held to. */
const SWEEP_MS = 500;

interface OpenCall {
  readonly caller: CallerStream;
  readonly startMs: number;
}

/**
 * The inference requests in progress, held to their time limits by one timer for all of them: a timer a
 * request would cost more than the rest of its bookkeeping.
 */
export class OpenCalls {
  readonly #calls = new Set<OpenCall>();
  readonly #settings: GatewaySettings;
  readonly #now: () => number;
  readonly #timer: NodeJS.Timeout;
  #ending: NodeJS.Timeout | undefined;

  constructor(settings: GatewaySettings, now: () => number) {
    this.#settings = settings;
    this.#now = now;
    this.#timer = setInterval(() => this.#sweep(), SWEEP_MS);
    this.#timer.unref();
  }

  /**
   * Follows a call until the returned function is called. `streams`: comments may keep its connection open.
   */
  add(caller: CallerStream, startMs: number): () => void {
    const call = { caller, startMs };
    this.#calls.add(call);
    return () => this.#calls.delete(call);
  }

  get size(): number {
    return this.#calls.size;
  }

  /** Ends all calls after some time, telling those that can still be told. */
  endIn(ms: number): void {
    this.#ending = setTimeout(() => this.#endAll(), ms);
    this.#ending.unref();
  }

  close(): void {
    clearInterval(this.#timer);
    clearTimeout(this.#ending);
    this.#endAll();
  }

  #endAll(): void {
    for (const { caller } of this.#calls) caller.cancel('closing');
  }

  #sweep(): void {
    const nowMs = this.#now();
    const { requestTimeoutMs, slowReaderTimeoutMs, streamKeepAliveMs } = this.#settings;
    for (const { caller, startMs } of this.#calls) {
      if (nowMs - startMs > requestTimeoutMs) caller.cancel('timeout');
      else if (caller.stalledSinceMs !== null) {
        if (nowMs - caller.stalledSinceMs > slowReaderTimeoutMs) caller.cancel('stalled');
      } else if (caller.streams && nowMs - caller.lastWriteMs > streamKeepAliveMs)
        caller.comment('keep-alive');
    }
  }
}
