import { planCost } from '../ledger/plan-cost.ts';
import type { SpendReservation } from '../ledger/spend-guard.ts';
import type { AnswerSummary } from './answer-summary.ts';
import type { Gateway } from './gateway.ts';
import type { UsageRecord } from './metering.ts';
import { describeCall } from './open-request.ts';
import type { PreparedCall } from './prepare-call.ts';
import { noTokens } from './token-counts.ts';

/** An admitted call that ended. */
export interface MeteredRun {
  /** What the caller saw; 499 when it went away. */
  readonly status: number;
  readonly replica: string;
  readonly startMs: number;
  /** When it left the gateway's queue. */
  readonly admittedMs: number;
  readonly firstByteMs: number | null;
  readonly endMs: number;
  readonly summary: AnswerSummary;
}

/** Books an admitted call, once: usage, rate limits, metrics and the timings that its account can look up. */
export function meterCall(
  gateway: Gateway,
  call: PreparedCall,
  run: MeteredRun,
  reservation: SpendReservation | null,
): void {
  const { context, instruments, recent } = gateway;
  const tokens = run.summary.tokens ?? noTokens;
  const costNanos = call.price === null ? 0 : planCost(call.price.prices, tokens);
  reservation?.settle(costNanos);
  const usage: UsageRecord = {
    ...describeCall(call),
    ...tokens,
    status: run.status,
    startTimeMs: run.startMs,
    firstTokenMs: run.firstByteMs === null ? null : run.firstByteMs - run.startMs,
    durationMs: run.endMs - run.startMs,
    ...(call.rate === null ? {} : { tokenClass: call.rate.tokenClass }),
    ...(reservation === null ? {} : { costNanos, period: reservation.period }),
  };
  context.usage.record(usage);
  // Made only where it is wanted: it costs more than all else here.
  if (context.log.isLevelEnabled('debug')) context.log.debug({ ...usage, shownId: call.shownId }, 'served');
  call.rate?.end(tokens);
  instruments.observe(usage);
  recent.add({
    usage,
    shownId: call.shownId,
    replica: run.replica,
    adapter: call.target.adapter,
    metadata: call.metadata,
    waitedMs: run.admittedMs - run.startMs,
    extension: run.summary.extension,
  });
}
