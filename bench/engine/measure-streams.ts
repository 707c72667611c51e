import { type BenchRow, makeRow } from '../bench-row.ts';
import { median } from '../median.ts';
import type { Worker } from '../worker.ts';
import type { Duration, EngineCommand, Throughput } from './commands.ts';

export interface Contest {
  readonly ours: Worker;
  readonly anchor: Worker;
  readonly anchorName: string;
  readonly rounds: number;
  readonly tokens: number;
}

let round = 0;

/**
 * Streams side by side, in turns A B B A after a round that does not count: by the clock and by processor
 * time.
 */
export async function measureStreams(contest: Contest, streams: number, goal: string): Promise<BenchRow[]> {
  const { ours, anchor, anchorName, rounds, tokens } = contest;
  const seen = new Map<Worker, Throughput[]>([
    [ours, []],
    [anchor, []],
  ]);
  const ask = async (worker: Worker) => {
    round += 1;
    const command: EngineCommand = { kind: 'throughput', streams, tokens, round };
    seen.get(worker)!.push(await worker.call<Throughput>(command));
  };
  for (let turn = 0; turn <= rounds; turn += 1) {
    for (const worker of turn % 2 === 0 ? [ours, anchor] : [anchor, ours]) await ask(worker);
  }
  const rate = (worker: Worker, clock: keyof Duration) =>
    median(
      seen
        .get(worker)!
        .slice(1)
        .map((one) => (one.tokens * 1000) / one[clock]),
    );
  const place = streams === 1 ? 'one stream' : `${streams} streams`;
  return (['ms', 'processorMs'] as const).map((clock) =>
    makeRow({
      metric: `tokens per ${clock === 'ms' ? 'second' : 'processor second'}, ${place}`,
      unit: '1/s',
      ours: rate(ours, clock),
      anchor: rate(anchor, clock),
      anchorName,
      goal,
    }),
  );
}
