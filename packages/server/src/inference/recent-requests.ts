import { type EngineResponseExtension, InferenceError, type RequestTimings } from '@sparkler/api';
import type { UsageRecord } from './metering.ts';

/** What is kept of a finished request: numbers and names, no text. */
export interface RecentRequest {
  readonly usage: UsageRecord;
  readonly shownId: string;
  readonly replica: string;
  readonly adapter: string | null;
  readonly metadata: Readonly<Record<string, string>> | null;
  /** Time in the gateway's queue. */
  readonly waitedMs: number;
  readonly extension: EngineResponseExtension | null;
}

/** About 1 KB each; a busy gateway forgets in minutes, a quiet one in days. */
const KEPT_MAX = 10_000;

/** The latest finished requests of this gateway, in memory. */
export class RecentRequests {
  readonly #byId = new Map<string, RecentRequest>();

  add(request: RecentRequest): void {
    this.#byId.set(request.usage.requestId, request);
    if (this.#byId.size <= KEPT_MAX) return;
    for (const oldest of this.#byId.keys()) {
      this.#byId.delete(oldest);
      return;
    }
  }

  /**
   * The account's request with this id, ours or the caller's own (the latest, when it was used repeatedly).
   */
  find(account: string, id: string): RecentRequest | null {
    const exact = this.#byId.get(id);
    if (exact?.usage.account === account) return exact;
    for (const request of this.#latestFirst(account)) if (request.shownId === id) return request;
    return null;
  }

  /** The account's requests, latest first. */
  list(account: string, countMax: number): RecentRequest[] {
    return this.#latestFirst(account).slice(0, countMax);
  }

  #latestFirst(account: string): RecentRequest[] {
    return [...this.#byId.values()].filter((request) => request.usage.account === account).reverse();
  }
}

/** The timings of one request as the API shows them. */
export function describeTimings(request: RecentRequest): RequestTimings {
  const { usage, shownId, replica, adapter, metadata, waitedMs, extension } = request;
  return {
    request_id: usage.requestId,
    client_request_id: shownId === usage.requestId ? null : shownId,
    endpoint: usage.endpoint,
    model: usage.model,
    deployment: usage.deployment,
    replica,
    adapter,
    metadata,
    status: usage.status,
    start_time: new Date(usage.startTimeMs).toISOString(),
    cost_nanos: usage.costNanos ?? null,
    tokens: {
      prompt: usage.promptTokens,
      cached_prompt: usage.cachedPromptTokens,
      completion: usage.completionTokens,
    },
    drafts:
      extension === null
        ? null
        : { proposed: extension.draft_tokens, accepted: extension.draft_tokens_accepted },
    timings: {
      gateway_queue: waitedMs,
      tokenize: extension?.tokenize_ms ?? null,
      engine_queue: extension?.queue_ms ?? null,
      prefill: extension?.prefill_ms ?? null,
      decode: extension?.decode_ms ?? null,
      sample: extension?.sample_ms ?? null,
      mask: extension?.mask_ms ?? null,
      engine_first_token: extension?.first_token_ms ?? null,
      first_byte: usage.firstTokenMs,
      total: usage.durationMs,
    },
  };
}

/** Answers a look-up; 404 alike for unknown ids, those of other accounts and those forgotten. */
export function showTimings(recent: RecentRequests, account: string, id: string): RequestTimings {
  const found = recent.find(account, id);
  if (found !== null) return describeTimings(found);
  const message = `no finished request of yours with id "${id.slice(0, 128)}" is among the latest ${KEPT_MAX} here`;
  throw new InferenceError(404, message, { param: 'request_id' });
}
