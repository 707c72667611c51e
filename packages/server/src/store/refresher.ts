import { setTimeout as sleep } from 'node:timers/promises';

export interface Refresher {
  /** Asks for a refresh; requests that come while one runs become one more. Returns at once. */
  request(): void;
  close(): void;
}

const retryDelayMs = { first: 100, max: 5_000 };

/**
 * Runs `load` when asked, one at a time, again after a failure (with growing delays), and every `pollMs` in
 * case a notice was lost.
 */
export function createRefresher(
  load: () => Promise<void>,
  options: { readonly pollMs: number; readonly onError: (error: Error) => void },
): Refresher {
  let wanted = false;
  let running = false;
  let closed = false;
  const poll = setInterval(request, options.pollMs).unref();

  function request(): void {
    wanted = true;
    if (!running && !closed) void run();
  }

  async function run(): Promise<void> {
    running = true;
    let delayMs = retryDelayMs.first;
    while (wanted && !closed) {
      wanted = false;
      try {
        await load();
        delayMs = retryDelayMs.first;
      } catch (error) {
        if (closed) break;
        options.onError(error as Error);
        await sleep(delayMs, undefined, { ref: false });
        delayMs = Math.min(delayMs * 2, retryDelayMs.max);
        wanted = true;
      }
    }
    running = false;
  }

  return {
    request,
    close() {
      closed = true;
      clearInterval(poll);
    },
  };
}
