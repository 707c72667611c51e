import { type BenchRow, makeRow } from '../bench-row.ts';
import { takeTurns } from '../take-turns.ts';
import { timeChild } from './run-child.ts';

/** `firectl version` beside a Node that does nothing: what is left is ours. */
export async function measureStartUp(firectl: string, rounds: number): Promise<BenchRow[]> {
  const milliseconds = await takeTurns(
    rounds,
    async () => 1000 * (await timeChild(process.execPath, [firectl, 'version'])),
    async () => 1000 * (await timeChild(process.execPath, ['-e', '0'])),
  );
  const metric = 'firectl version, packed';
  const beside = makeRow({ metric, unit: 'ms', ...milliseconds, anchorName: 'node -e 0', goal: '<= 2.2' });
  const absolute = { anchor: null, anchorName: null, ratio: null };
  return [beside, { ...beside, ...absolute, goal: '< 120 ms', holds: milliseconds.ours < 120 }];
}
