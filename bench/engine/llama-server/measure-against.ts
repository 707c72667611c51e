import { type BenchRow, makeRow } from '../../bench-row.ts';
import { median } from '../../median.ts';
import { startWorker } from '../../worker.ts';
import type { Duration } from '../commands.ts';
import { type Contest, measureStreams } from '../measure-streams.ts';

const anchorName = 'llama-server, same libraries';

/** Streams and conversations in turns with llama.cpp's own server, one thread each; `add` gets each row. */
export async function measureAgainstLlamaServer(
  sides: Pick<Contest, 'ours' | 'rounds' | 'tokens'>,
  program: string,
  modelPath: string,
  add: (...rows: BenchRow[]) => void,
): Promise<void> {
  const anchor = startWorker(new URL('./worker.ts', import.meta.url), [program, modelPath, '1']);
  const contest: Contest = { ...sides, anchor, anchorName };
  try {
    for (const [streams, goal] of [
      [1, '>= 0.97'],
      [8, '>= 1.15'],
      [16, '>= 1.15'],
    ] as const) {
      add(...(await measureStreams(contest, streams, goal)));
    }
    add(...(await measureConversations(contest)));
  } finally {
    anchor.close();
  }
}

async function measureConversations({ ours, anchor, rounds }: Contest): Promise<BenchRow[]> {
  const chats = { kind: 'conversations', isCached: true, count: 16, turns: 6 } as const;
  const seen = { ours: [] as Duration[], anchor: [] as Duration[] };
  for (let round = 0; round <= Math.min(rounds, 2); round += 1) {
    seen.ours.push(await ours.call<Duration>(chats));
    seen.anchor.push(await anchor.call<Duration>(chats));
  }
  const take = (side: keyof typeof seen, clock: keyof Duration) =>
    median(seen[side].slice(1).map((one) => one[clock]));
  return (['ms', 'processorMs'] as const).map((clock) =>
    makeRow({
      metric: `16 conversations of 6 turns, cells for four${clock === 'ms' ? '' : ', processor time'}`,
      unit: 'ms',
      ours: take('ours', clock),
      anchor: take('anchor', clock),
      anchorName,
      goal: '<= 0.6',
    }),
  );
}
