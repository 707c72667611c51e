import type { TokenClass } from '../ledger/quotas.ts';
import type { EndpointName } from './dialects/dialect.ts';

/** One finished (or failed) inference request, as it is metered. Never holds text. */
export interface UsageRecord {
  readonly requestId: string;
  readonly account: string;
  readonly user: string;
  readonly apiKeyId: string;
  readonly model: string;
  readonly deployment: string;
  readonly endpoint: EndpointName;
  readonly promptTokens: number;
  readonly cachedPromptTokens: number;
  readonly completionTokens: number;
  /** HTTP status the caller saw; 499 when the caller went away. */
  readonly status: number;
  readonly startTimeMs: number;
  readonly firstTokenMs: number | null;
  readonly durationMs: number;
  /** Whole nano-dollars; absent: free. */
  readonly costNanos?: number;
  /** Size of the model, among whose tokens of the day it counts; absent: it counts as none. */
  readonly tokenClass?: TokenClass;
  /** Month (2026-11) whose budget it was reserved from; absent where nothing was. */
  readonly period?: string;
}

/**
 * Where usage goes. `record` returns at once; rows are written in batches and survive a crash of the server.
 */
export interface UsageSink {
  record(usage: UsageRecord): void;
}
