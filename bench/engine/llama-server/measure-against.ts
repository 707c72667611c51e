import { type BenchRow, makeRow } from '../../bench-row.ts';
import { takeTurns } from '../../take-turns.ts';
import { startWorker, type Worker } from '../../worker.ts';
import type { EngineCommand } from '../commands.ts';

export interface Contest {
  readonly ours: Worker;
  readonly rounds: number;
  readonly tokens: number;
}

const anchorName = 'llama-server, same libraries';

/** Streams and conversations in turns with llama.cpp's own server, one thread each; `add` gets each row. */
export async function measureAgainstLlamaServer(
  { ours, rounds, tokens }: Contest,
  program: string,
  modelPath: string,
  add: (row: BenchRow) => void,
): Promise<void> {
  const server = startWorker(new URL('./worker.ts', import.meta.url), [program, modelPath, '1']);
  let round = 20_000;
  const turns = (count: number, make: (round: number) => EngineCommand) => {
    const ask = (worker: Worker) => {
      round += 1;
      return worker.call<number>(make(round));
    };
    return takeTurns(
      count,
      () => ask(ours),
      () => ask(server),
    );
  };
  try {
    for (const [streams, goal] of [
      [1, '>= 0.97'],
      [8, '>= 1.15'],
      [16, '>= 1.15'],
    ] as const) {
      const rates = await turns(rounds, (at) => ({ kind: 'throughput', streams, tokens, round: at }));
      const metric =
        streams === 1 ? 'tokens per second, one stream' : `tokens per second, ${streams} streams`;
      add(makeRow({ metric, unit: '1/s', ...rates, anchorName, goal }));
    }
    const chats = { kind: 'conversations', isCached: true, count: 16, turns: 6 } as const;
    const times = await turns(Math.min(rounds, 3), () => chats);
    const metric = '16 conversations of 6 turns, cells for four';
    add(makeRow({ metric, unit: 'ms', ...times, anchorName, goal: '<= 0.6' }));
  } finally {
    server.close();
  }
}
