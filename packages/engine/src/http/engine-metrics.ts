import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { EngineObserver, RequestRecord, StepRecord } from '../core/engine-observer.ts';
import type { GenerationEngine } from '../core/generation.ts';

/** Prometheus metrics of one engine process. Names say the unit; nothing has a label a caller can choose. */
export interface EngineMetrics {
  readonly registry: Registry;
  /** Feeds the metrics from the core's loop. */
  readonly observer: Required<Pick<EngineObserver, 'onStep' | 'onRequestEnd' | 'onIntegrityProblem'>>;
  /** Gauges that are read when they are scraped. */
  watch(engine: GenerationEngine): void;
}

/** Upper bounds in seconds: from one small step to a long answer. */
const stepSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
const requestSeconds = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

export function createEngineMetrics(): EngineMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const steps = createStepMetrics(registry);
  const moves = createCacheMetrics(registry);
  const requests = createRequestMetrics(registry);
  const repairs = new Counter({
    name: 'sparkler_engine_cache_repairs_total',
    help: 'Times the cache bookkeeping was found wrong and dropped.',
    registers: [registry],
  });
  return {
    registry,
    observer: {
      onStep(record) {
        steps(record);
        moves(record);
      },
      onRequestEnd: requests,
      onIntegrityProblem: () => repairs.inc(),
    },
    watch: (engine) => addStateGauges(registry, engine),
  };
}

function createStepMetrics(registry: Registry): (record: StepRecord) => void {
  const registers = [registry];
  const phases = new Histogram({
    name: 'sparkler_engine_step_seconds',
    help: 'Time of one step, by phase.',
    labelNames: ['phase'],
    buckets: stepSeconds,
    registers,
  });
  const rows = new Counter({
    name: 'sparkler_engine_rows_total',
    help: 'Rows of batches, by what they were for.',
    labelNames: ['kind'],
    registers,
  });
  const fill = new Histogram({
    name: 'sparkler_engine_batch_fill_ratio',
    help: 'Rows of a batch, of those it could have.',
    buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 1],
    registers,
  });
  const drafts = new Counter({
    name: 'sparkler_engine_draft_tokens_accepted_total',
    help: 'Draft tokens that were what the model would have said.',
    registers,
  });
  return (record) => {
    phases.observe({ phase: 'total' }, record.totalMs / 1000);
    phases.observe({ phase: 'schedule' }, record.scheduleMs / 1000);
    phases.observe({ phase: 'forward' }, record.forwardMs / 1000);
    phases.observe({ phase: 'sample' }, record.sampleMs / 1000);
    phases.observe({ phase: 'mask' }, record.maskMs / 1000);
    rows.inc({ kind: 'prefill' }, record.prefillRows);
    rows.inc({ kind: 'decode' }, record.decodeRows);
    rows.inc({ kind: 'draft' }, record.draftRows);
    fill.observe(record.rows / record.batchRowsMax);
    drafts.inc(record.draftRowsAccepted);
  };
}

/** What the cache had to do for want of room. Records have totals, counters want what was added. */
function createCacheMetrics(registry: Registry): (record: StepRecord) => void {
  const registers = [registry];
  const moves = new Counter({
    name: 'sparkler_engine_cache_moves_total',
    help: 'Running sequences that lost their slot, prefixes that left theirs, and those that came back.',
    labelNames: ['kind'],
    registers,
  });
  const host = new Gauge({
    name: 'sparkler_engine_host_cache_bytes',
    help: 'Host memory that cold prefixes take.',
    registers,
  });
  const told = { preempted: 0, evicted: 0, restored: 0 };
  for (const kind of Object.keys(told)) moves.inc({ kind }, 0);
  return ({ preemptions, evictions, restores, hostBytes }) => {
    const now = { preempted: preemptions, evicted: evictions, restored: restores };
    for (const kind of ['preempted', 'evicted', 'restored'] as const) {
      moves.inc({ kind }, now[kind] - told[kind]);
    }
    Object.assign(told, now);
    host.set(hostBytes);
  };
}

function createRequestMetrics(registry: Registry): (record: RequestRecord) => void {
  const registers = [registry];
  const requests = new Counter({
    name: 'sparkler_engine_requests_total',
    help: 'Requests by how they ended.',
    labelNames: ['end'],
    registers,
  });
  const tokens = new Counter({
    name: 'sparkler_engine_tokens_total',
    help: 'Tokens of ended requests.',
    labelNames: ['kind'],
    registers,
  });
  const durations = new Histogram({
    name: 'sparkler_engine_request_seconds',
    help: 'Time of finished requests, by phase.',
    labelNames: ['phase'],
    buckets: requestSeconds,
    registers,
  });
  return (record) => {
    requests.inc({ end: record.end });
    tokens.inc({ kind: 'prompt' }, record.promptTokens);
    tokens.inc({ kind: 'cached_prompt' }, record.cachedTokens);
    tokens.inc({ kind: 'generated' }, record.generatedTokens);
    if (record.end !== 'finish') return;
    const { timings } = record;
    durations.observe({ phase: 'queue' }, timings.queueMs / 1000);
    durations.observe({ phase: 'prefill' }, timings.prefillMs / 1000);
    durations.observe({ phase: 'decode' }, timings.decodeMs / 1000);
    if (timings.firstTokenMs !== null)
      durations.observe({ phase: 'first_token' }, timings.firstTokenMs / 1000);
  };
}

function addStateGauges(registry: Registry, engine: GenerationEngine): void {
  const gauges = [
    ['sparkler_engine_requests_running', 'Sequences that run.', () => engine.status().running],
    ['sparkler_engine_requests_waiting', 'Requests in the queue.', () => engine.status().waiting],
    [
      'sparkler_engine_cells_used',
      'KV cells in use, cached prefixes included.',
      () => engine.status().cellsUsed,
    ],
    ['sparkler_engine_cells', 'KV cells there are.', () => engine.status().cellsMax],
    ['sparkler_engine_adapters', 'Adapters loaded.', () => engine.status().adapters.length],
  ] as const;
  for (const [name, help, read] of gauges) {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  }
}
