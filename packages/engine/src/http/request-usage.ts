import type { EngineObserver, RequestRecord } from '../core/engine-observer.ts';

/** What one HTTP request used of the engine so far; final once `state` is another than `running`. */
export interface UsedTokens {
  readonly state: 'running' | 'finish' | 'error' | 'aborted';
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly generatedTokens: number;
  /** From its submission to its end; of several prompts the longest. */
  readonly durationMs: number;
}

/** What a gateway said of a request's bill, for whoever settles it should that gateway never come back. */
export interface BillNote {
  /** Id of the gateway. */
  readonly gateway: string;
  /** For the platform to read, not for the engine. Never text of a request. */
  readonly bill: string;
}

/**
 * Token counts of running and of the latest ended requests, by request id: a gateway that was killed asks for
 * them in its next life, and another one for those of a gateway that is gone. Numbers and bills only.
 */
export interface RequestUsage {
  /** A request was read; its prompts run in the core under the given ids. */
  begin(requestId: string, coreIds: readonly string[], note?: BillNote | null): void;
  /** One prompt of a request left the core. */
  onRequestEnd(record: RequestRecord): void;
  /** Follows work that reads its input only, and generates nothing. */
  track<Result>(
    request: { readonly id: string; readonly note: BillNote | null },
    promptTokens: number,
    work: () => Promise<Result>,
  ): Promise<Result>;
  /** Null: never seen, or too long ago. */
  find(requestId: string): (UsedTokens & { readonly note: BillNote | null }) | null;
  /** Ids of the requests that are known of a gateway. */
  listOf(gateway: string): string[];
}

/**
 * About 10 MB, and as much again with their bills; at a thousand requests a second, half a minute for a
 * gateway to come back.
 */
const defaultEndedMax = 32_768;

interface Entry {
  readonly requestId: string;
  readonly note: BillNote | null;
  left: number;
  used: UsedTokens;
}

type Ended = UsedTokens & { readonly note: BillNote | null };

export function createRequestUsage(endedMax = defaultEndedMax): RequestUsage {
  const byCoreId = new Map<string, Entry>();
  /** In the order in which they came, or ended: the oldest ended one goes first. */
  const running = new Map<string, Entry>();
  const ended = new Map<string, Ended>();

  function begin(requestId: string, coreIds: readonly string[], note: BillNote | null = null): void {
    const used: UsedTokens = {
      state: 'running',
      promptTokens: 0,
      cachedTokens: 0,
      generatedTokens: 0,
      durationMs: 0,
    };
    const entry: Entry = { requestId, note, left: coreIds.length, used };
    running.set(requestId, entry);
    for (const id of coreIds) byCoreId.set(id, entry);
  }

  function end(coreId: string, part: UsedTokens): void {
    const entry = byCoreId.get(coreId);
    if (entry === undefined) return;
    byCoreId.delete(coreId);
    entry.left -= 1;
    entry.used = join(entry.used, part);
    if (entry.left > 0) return;
    if (running.get(entry.requestId) === entry) running.delete(entry.requestId);
    // Deleted first, so that an id that is used again is the newest.
    ended.delete(entry.requestId);
    ended.set(entry.requestId, { ...entry.used, note: entry.note });
    if (ended.size > endedMax) ended.delete(ended.keys().next().value!);
  }

  return {
    begin,
    onRequestEnd({ id, end: state, timings, promptTokens, cachedTokens, generatedTokens }) {
      const durationMs = timings.queueMs + timings.prefillMs + timings.decodeMs;
      end(id, { state, promptTokens, cachedTokens, generatedTokens, durationMs });
    },
    async track({ id: requestId, note }, promptTokens, work) {
      const startMs = performance.now();
      // Apart from the ids of the core, which have a number behind the last dot.
      const id = `${requestId}.read`;
      begin(requestId, [id], note);
      let state: UsedTokens['state'] = 'error';
      try {
        const result = await work();
        state = 'finish';
        return result;
      } finally {
        const durationMs = performance.now() - startMs;
        end(id, { state, promptTokens, cachedTokens: 0, generatedTokens: 0, durationMs });
      }
    },
    find(requestId) {
      const entry = running.get(requestId);
      if (entry === undefined) return ended.get(requestId) ?? null;
      return { ...entry.used, state: 'running', note: entry.note };
    },
    listOf(gateway) {
      const isOf = ([, { note }]: [string, { readonly note: BillNote | null }]) => note?.gateway === gateway;
      return [...new Set([...running, ...ended].filter(isOf).map(([id]) => id))];
    },
  };
}

/** The observer of a core whose requests are followed too. */
export function observeRequests(observer: EngineObserver, usage: RequestUsage): EngineObserver {
  return {
    ...observer,
    onRequestEnd(record) {
      observer.onRequestEnd?.(record);
      usage.onRequestEnd(record);
    },
  };
}

const gravity = ['running', 'finish', 'aborted', 'error'] as const;

/** One prompt that failed fails its request, whose others are then aborted. */
function join(a: UsedTokens, b: UsedTokens): UsedTokens {
  return {
    state: gravity.indexOf(a.state) > gravity.indexOf(b.state) ? a.state : b.state,
    promptTokens: a.promptTokens + b.promptTokens,
    cachedTokens: a.cachedTokens + b.cachedTokens,
    generatedTokens: a.generatedTokens + b.generatedTokens,
    durationMs: Math.max(a.durationMs, b.durationMs),
  };
}
