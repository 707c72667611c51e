import type { ServerContext } from '../http/context.ts';
import { Admissions } from './admit.ts';
import { createInstruments, type Instruments } from './instruments.ts';
import { MemoryLimiter } from './limits/memory-limiter.ts';
import type { RateLimiter } from './limits/rate-limiter.ts';
import { OpenCalls } from './open-calls.ts';
import { RecentRequests } from './recent-requests.ts';
import { Upstreams } from './upstreams.ts';

/** The state that inference requests share. */
export interface Gateway {
  readonly context: ServerContext;
  readonly admissions: Admissions;
  readonly upstreams: Upstreams;
  readonly openCalls: OpenCalls;
  readonly instruments: Instruments;
  readonly limiter: RateLimiter;
  readonly recent: RecentRequests;
  /** Ends what is open and closes all connections to replicas. */
  close(): Promise<void>;
}

export function createGateway(context: ServerContext): Gateway {
  const admissions = new Admissions(context);
  const upstreams = new Upstreams(context.routing);
  const openCalls = new OpenCalls(context.settings, context.now);
  const instruments = createInstruments(context.metrics, () => admissions.counts());
  const limiter = context.limiter ?? new MemoryLimiter({ now: context.now });
  const recent = new RecentRequests();
  const close = async () => {
    admissions.close();
    openCalls.close();
    await upstreams.close();
  };
  return { context, admissions, upstreams, openCalls, instruments, limiter, recent, close };
}
