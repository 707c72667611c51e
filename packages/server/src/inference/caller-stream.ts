import type { ServerResponse } from 'node:http';
import { type InferenceError, toInferenceErrorBody } from '@sparkler/api';

/** Why a request ends before its answer does. */
export type CancelReason = 'gone' | 'timeout' | 'stalled' | 'closing';

export interface CallerStreamOptions {
  readonly requestId: string;
  readonly streams: boolean;
  /** Whether to keep what is sent, for accounts that want it stored. */
  readonly copies: boolean;
  now(): number;
}

/** Largest answer that is kept; longer ones are cut. */
const COPY_BYTES_MAX = 4 * 1024 * 1024;

/**
 * The caller's side of one request: headers once, then bytes with back-pressure, then exactly one end. Errors
 * become a status while nothing was sent, and an event in the stream afterwards.
 */
export class CallerStream {
  /** When the last byte was handed over; keep-alives are due by it. */
  lastWriteMs: number;
  /** Since when the caller has not taken what was written; null while it keeps up. */
  stalledSinceMs: number | null = null;
  cancelled: CancelReason | null = null;
  /** Whether the caller asked for a stream: comments may tell it that work goes on. */
  readonly streams: boolean;
  readonly #response: ServerResponse;
  readonly #requestId: string;
  readonly #headers: Record<string, string>;
  readonly #now: () => number;
  readonly #copy: Buffer[] | null;
  #copiedBytes = 0;
  #onCancel: ((reason: CancelReason) => void) | null = null;
  #begun = false;
  #ended = false;

  constructor(response: ServerResponse, options: CallerStreamOptions) {
    this.#response = response;
    this.#requestId = options.requestId;
    this.#headers = { 'x-request-id': options.requestId };
    this.streams = options.streams;
    this.#now = options.now;
    this.#copy = options.copies ? [] : null;
    this.lastWriteMs = options.now();
    if (response.destroyed) this.cancelled = 'gone';
    else response.once('close', () => this.cancel('gone'));
  }

  /** What was sent so far; empty unless it is kept. */
  sent(): string {
    return this.#copy === null ? '' : Buffer.concat(this.#copy).toString();
  }

  /** Whether the status line is out. */
  get begun(): boolean {
    return this.#begun;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /**
   * Who stops the work when the caller goes away or time is up; the latest one counts, told at once if it is
   * late.
   */
  onCancel(listener: (reason: CancelReason) => void): void {
    this.#onCancel = listener;
    if (this.cancelled !== null) listener(this.cancelled);
  }

  /** Tells who works on the request to stop. Does nothing after the end. */
  cancel(reason: CancelReason): void {
    if (this.#ended || this.cancelled !== null) return;
    this.cancelled = reason;
    this.#onCancel?.(reason);
  }

  /** Adds headers to those sent with the first byte. */
  addHeaders(headers: Readonly<Record<string, string>>): void {
    Object.assign(this.#headers, headers);
  }

  /** Status 200 and event-stream headers, flushed at once. Does nothing when they are out already. */
  beginEvents(): void {
    if (this.#begun || this.#ended) return;
    this.#begun = true;
    this.#headers['content-type'] = 'text/event-stream; charset=utf-8';
    this.#headers['cache-control'] = 'no-cache';
    // nginx and others buffer streams unless told not to.
    this.#headers['x-accel-buffering'] = 'no';
    this.#response.writeHead(200, this.#headers);
    this.#response.flushHeaders();
  }

  /** Whole frames; false when the caller is slow: write on after `onDrain`. */
  write(bytes: Buffer | string): boolean {
    this.lastWriteMs = this.#now();
    this.#keep(bytes);
    const taken = this.#response.write(bytes);
    if (!taken) this.stalledSinceMs ??= this.lastWriteMs;
    return taken;
  }

  onDrain(listener: () => void): void {
    this.#response.once('drain', () => {
      this.stalledSinceMs = null;
      listener();
    });
  }

  /** A comment line: clients skip it, connections stay open. */
  comment(text: string): void {
    this.beginEvents();
    this.write(`: ${text}\n\n`);
  }

  /** Ends a stream of events. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#response.end();
  }

  /** The whole answer at once. */
  send(status: number, contentType: string, body: Buffer): void {
    if (this.#ended || this.#begun) return;
    this.#begun = true;
    this.#ended = true;
    this.#headers['content-type'] = contentType;
    this.#headers['content-length'] = String(body.length);
    this.#keep(body);
    this.#response.writeHead(status, this.#headers);
    this.#response.end(body);
  }

  /** Ends the request with an error: a status and body, or an error event when the stream has begun. */
  fail(error: InferenceError): void {
    if (this.#ended) return;
    const body = JSON.stringify(toInferenceErrorBody(error, this.#requestId));
    if (this.#begun) {
      this.#ended = true;
      const event = `data: ${body}\n\n`;
      this.#keep(event);
      this.#response.end(event);
      return;
    }
    if (error.retryAfterSeconds !== undefined) this.#headers['retry-after'] = String(error.retryAfterSeconds);
    this.send(error.status, 'application/json; charset=utf-8', Buffer.from(body));
  }

  /** Cuts the connection: nothing can be told any more. */
  destroy(): void {
    this.#ended = true;
    this.#response.destroy();
  }

  #keep(bytes: Buffer | string): void {
    if (this.#copy === null || this.#copiedBytes >= COPY_BYTES_MAX) return;
    const kept = Buffer.from(bytes).subarray(0, COPY_BYTES_MAX - this.#copiedBytes);
    this.#copiedBytes += kept.length;
    this.#copy.push(kept);
  }
}
