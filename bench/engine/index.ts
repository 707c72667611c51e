import { installAnchors } from '../anchors.ts';
import { type BenchOptions, type BenchReport, type BenchRow, makeRow } from '../bench-row.ts';
import { median } from '../median.ts';
import { takeTurns } from '../take-turns.ts';
import { fetchTestModel } from '../test-model.ts';
import { startWorker, type Worker } from '../worker.ts';
import type { Duration, PredictionCost, StepOverhead, Throughput } from './commands.ts';
import { buildLlamaServer, type LlamaServer } from './llama-server/build-llama-server.ts';
import { measureAgainstLlamaServer } from './llama-server/measure-against.ts';
import { measureDivergence } from './measure-divergence.ts';
import { measureStreams } from './measure-streams.ts';

export const name = 'engine';

interface Plan {
  readonly ours: Worker;
  readonly anchor: Worker;
  readonly rounds: number;
  readonly tokens: number;
}

/** The engine on SmolLM2-135M with one thread, against node-llama-cpp's public API and against itself. */
export async function run({
  quick = false,
  tell = () => undefined,
}: BenchOptions = {}): Promise<BenchReport> {
  installAnchors();
  const path = await fetchTestModel();
  const ours = startWorker(new URL('./own-worker.ts', import.meta.url), [path, '1']);
  const anchor = startWorker(new URL('./node-llama-cpp-worker.ts', import.meta.url), [path, '1']);
  const plan: Plan = { ours, anchor, rounds: quick ? 1 : 5, tokens: quick ? 16 : 64 };
  try {
    const rows: BenchRow[] = [];
    const add = (...measured: BenchRow[]) => {
      rows.push(...measured);
      for (const { metric, ratio, goal } of measured) tell(`${metric}: ${ratio} (${goal})`);
    };
    for (const [streams, goal] of [
      [1, '>= 0.97'],
      [8, '>= 1.2'],
      [16, '>= 1.15'],
    ] as const) {
      add(...(await measureStreams({ ...plan, anchorName: 'node-llama-cpp' }, streams, goal)));
    }
    add(await measureOverhead(plan, 8, 0), await measureOverhead(plan, 16, 1));
    add(
      await measureSharedPrefix(plan),
      await measureChats(plan),
      ...(await measureMixedAdapters(plan, false)),
      ...(await measureMixedAdapters(plan, true)),
    );
    add(...(await measurePredictions(plan)), await measureAborts(plan));
    if (!quick) add(await measureDivergence(path));
    const llamaServer: LlamaServer = quick ? { reason: 'left out of quick runs' } : buildLlamaServer(tell);
    if ('path' in llamaServer) await measureAgainstLlamaServer(plan, llamaServer.path, path, add);
    else tell(`llama-server: ${llamaServer.reason}`);
    return { name, rows };
  } finally {
    ours.close();
    anchor.close();
  }
}

async function measureOverhead(plan: Plan, streams: number, temperature: number): Promise<BenchRow> {
  const { ours, tokens, rounds } = plan;
  const seen: StepOverhead[] = [];
  for (let round = 0; round < rounds; round += 1) {
    seen.push(await ours.call<StepOverhead>({ kind: 'step-overhead', streams, tokens, temperature }));
  }
  return makeRow({
    metric: `time of a step outside llama_decode, ${streams} streams, temperature ${temperature}`,
    unit: 'ms',
    ours: median(seen.map(({ outsideMs }) => outsideMs)),
    anchor: median(seen.map(({ stepMs }) => stepMs)),
    anchorName: 'the whole step',
    goal: '<= 0.05',
  });
}

async function measureSharedPrefix({ ours, rounds }: Plan): Promise<BenchRow> {
  let round = 0;
  const ask = (isCached: boolean) => {
    round += 1;
    return ours.call<number>({ kind: 'first-token', prefixTokens: 1000, isCached, round });
  };
  const times = await takeTurns(
    Math.min(rounds, 5),
    () => ask(true),
    () => ask(false),
  );
  const metric = 'time to first token, 1,000 tokens of prefix in the cache';
  return makeRow({ metric, unit: 'ms', ...times, anchorName: 'the same, cold', goal: '<= 0.2' });
}

async function measureChats({ ours, rounds }: Plan): Promise<BenchRow> {
  const size = rounds === 1 ? { count: 4, turns: 2 } : { count: 16, turns: 6 };
  const ask = async (isCached: boolean) =>
    (await ours.call<Duration>({ kind: 'conversations', isCached, ...size })).processorMs;
  // Each takes the better part of a minute; one pair is what a run can afford.
  const anchor = await ask(false);
  return makeRow({
    metric: `${size.count} conversations of ${size.turns} turns, processor time`,
    unit: 'ms',
    ours: await ask(true),
    anchor,
    anchorName: 'the same without the prefix cache',
    goal: '<= 0.6',
  });
}

/** Requests that use 8 adapters in turn, against the same on the base model. */
async function measureMixedAdapters({ ours, rounds, tokens }: Plan, atOnce: boolean): Promise<BenchRow[]> {
  const seen = new Map<number, Throughput[]>([
    [8, []],
    [0, []],
  ]);
  for (let turn = 0; turn < Math.min(rounds, 3); turn += 1) {
    for (const [adapters, found] of seen) {
      found.push(await ours.call<Throughput>({ kind: 'adapters', adapters, streams: 16, tokens, atOnce }));
    }
  }
  const rate = (adapters: number, clock: keyof Duration) =>
    median(seen.get(adapters)!.map((one) => (one.tokens * 1000) / one[clock]));
  const how = atOnce ? 'at once' : 'one after the other';
  return (['ms', 'processorMs'] as const).map((clock) =>
    makeRow({
      metric: `tokens per ${clock === 'ms' ? 'second' : 'processor second'}, 16 requests ${how}, 8 adapters in turn`,
      unit: '1/s',
      ours: rate(8, clock),
      anchor: rate(0, clock),
      anchorName: 'the same on the base model',
      goal: '>= 0.6',
    }),
  );
}

async function measurePredictions({ ours, rounds }: Plan): Promise<BenchRow[]> {
  const costs: Record<'none' | 'edit' | 'wrong', PredictionCost[]> = { none: [], edit: [], wrong: [] };
  for (let turn = 0; turn < Math.min(rounds, 3); turn += 1) {
    for (const prediction of ['none', 'edit', 'wrong'] as const) {
      costs[prediction].push(await ours.call<PredictionCost>({ kind: 'prediction', prediction }));
    }
  }
  const stepsOf = (kind: keyof typeof costs) => median(costs[kind].map(({ steps }) => steps));
  const timeOf = (kind: keyof typeof costs, clock: keyof Duration) =>
    median(costs[kind].map((cost) => cost[clock]));
  const without = 'the same without a prediction';
  return [
    makeRow({
      metric: 'decode steps of four edits, the text before as prediction',
      unit: 'steps',
      ours: stepsOf('edit'),
      anchor: stepsOf('none'),
      anchorName: without,
      goal: '<= 0.333',
    }),
    ...(['ms', 'processorMs'] as const).flatMap((clock) => {
      const time = clock === 'ms' ? 'time' : 'processor time';
      const anchor = timeOf('none', clock);
      return [
        makeRow({
          metric: `${time} of four edits, the text before as prediction`,
          unit: 'ms',
          ours: timeOf('edit', clock),
          anchor,
          anchorName: without,
          goal: '<= 0.5',
        }),
        makeRow({
          metric: `${time} of four edits, an unrelated text as prediction`,
          unit: 'ms',
          ours: timeOf('wrong', clock),
          anchor,
          anchorName: without,
          goal: '<= 1.05',
        }),
      ];
    }),
  ];
}

async function measureAborts({ ours, rounds }: Plan): Promise<BenchRow> {
  const seen: number[] = [];
  for (let round = 0; round < rounds; round += 1) seen.push(await ours.call<number>({ kind: 'abort' }));
  return makeRow({
    metric: 'steps until an aborted request has ended (most)',
    unit: 'steps',
    ours: Math.max(...seen),
    anchor: 1,
    anchorName: 'one step',
    goal: '<= 1',
  });
}
