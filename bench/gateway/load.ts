import { type Dispatcher, Pool } from 'undici';

/** Where requests go: an engine's socket, or a gateway. */
export interface Target {
  readonly pool: Pool;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly durationMs: number;
  readonly firstByteMs: number;
  readonly bytes: number;
  /** Complete `data:` frames. */
  readonly frames: number;
}

const options = { headersTimeout: 0, bodyTimeout: 0, allowH2: false } as const;

/** Connections that never time out by themselves. */
export function openPool(baseUrl: string): Pool {
  return new Pool(baseUrl, options);
}

export function socketTarget(socketPath: string): Target {
  return {
    pool: new Pool('http://replica', { ...options, socketPath }),
    path: '/v1/chat/completions',
    headers: { 'content-type': 'application/json' },
  };
}

export function gatewayTarget(baseUrl: string): Target {
  return {
    pool: openPool(baseUrl),
    path: '/inference/v1/chat/completions',
    headers: { 'content-type': 'application/json', authorization: 'Bearer fw_bench' },
  };
}

/**
 * One request. Rejects on any status but 200, with what was said: a benchmark of errors would be fast and
 * wrong.
 */
export function send(target: Target, body: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const startMs = performance.now();
    let status = 0;
    let refusal = '';
    let firstByteMs = 0;
    let bytes = 0;
    let frames = 0;
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart: () => undefined,
      onResponseStart(_controller, answered) {
        status = answered;
      },
      onResponseData(_controller, chunk) {
        if (status !== 200) {
          refusal = (refusal + chunk.toString()).slice(0, 1000);
          return;
        }
        if (bytes === 0) firstByteMs = performance.now() - startMs;
        bytes += chunk.length;
        for (let at = chunk.indexOf('data: '); at >= 0; at = chunk.indexOf('data: ', at + 6)) frames++;
      },
      onResponseEnd() {
        if (status === 200) resolve({ durationMs: performance.now() - startMs, firstByteMs, bytes, frames });
        else reject(new Error(`status ${status}: ${refusal}`));
      },
      onResponseError: (_controller, error) => reject(error),
    };
    const { path, headers } = target;
    target.pool.dispatch({ path, method: 'POST', headers, body }, handler);
  });
}

/**
 * Open loop: one request every 1/rate seconds whether or not earlier ones are back, as real traffic comes.
 */
export async function sendAtRate(
  target: Target,
  body: string,
  rate: number,
  seconds: number,
): Promise<Answer[]> {
  const startMs = performance.now();
  const sent: Promise<Answer>[] = [];
  for (let index = 0; index < rate * seconds; index++) {
    const dueMs = startMs + (index * 1000) / rate;
    const waitMs = dueMs - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    sent.push(send(target, body));
  }
  return await Promise.all(sent);
}

/** Closed loop: so many requests at once, for some time; answers per second. */
export async function sendFlatOut(
  target: Target,
  body: string,
  atOnce: number,
  seconds: number,
): Promise<number> {
  const startMs = performance.now();
  const endMs = startMs + seconds * 1000;
  let count = 0;
  const worker = async () => {
    while (performance.now() < endMs) {
      await send(target, body);
      count++;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return count / ((performance.now() - startMs) / 1000);
}

/** The value below which a part of the values lies. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]!;
}
