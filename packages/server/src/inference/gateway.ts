import type { ServerContext } from '../http/context.ts';
import { Admissions } from './admit.ts';
import { createInstruments, type Instruments } from './instruments.ts';
import { createMemoryLimiter } from './limits/memory-limiter.ts';
import type { RateLimiter } from './limits/rate-limiter.ts';
import { OpenCalls } from './open-calls.ts';
import { RecentRequests } from './recent-requests.ts';
import { Upstreams } from './upstreams.ts';

/**
 * Below the server's own limit for stopping (10 s unless set), so that callers are told before they are cut.
 */
const DRAIN_MS = 8_000;

/** The state that inference requests share. */
export interface Gateway {
  readonly context: ServerContext;
  readonly admissions: Admissions;
  readonly upstreams: Upstreams;
  readonly openCalls: OpenCalls;
  readonly instruments: Instruments;
  readonly limiter: RateLimiter;
  readonly recent: RecentRequests;
  /** Takes nothing new; what runs has `drainTimeoutMs` to end by itself, then it is told and ended. */
  drain(): void;
  /** Ends what is still open and closes all connections to replicas. */
  close(): Promise<void>;
}

export function createGateway(context: ServerContext): Gateway {
  const admissions = new Admissions(context);
  const upstreams = new Upstreams(context.routing);
  const openCalls = new OpenCalls(context.settings, context.now);
  const instruments = createInstruments(context.metrics, () => admissions.counts());
  const limiter = context.limiter ?? createMemoryLimiter({ now: context.now });
  const recent = new RecentRequests();
  const drain = () => {
    admissions.close();
    openCalls.endIn(context.drainTimeoutMs ?? DRAIN_MS);
  };
  const close = async () => {
    openCalls.close();
    await upstreams.close();
  };
  return { context, admissions, upstreams, openCalls, instruments, limiter, recent, drain, close };
}
