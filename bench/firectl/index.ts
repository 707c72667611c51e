import type { BenchOptions, BenchReport } from '../bench-row.ts';
import { installPacked } from './install-packed.ts';
import { measureStartUp } from './start-up.ts';
import { measureTransfers } from './transfers.ts';

export const name = 'firectl';

/** How fast firectl starts, and how it moves a model of 2 GB (64 MB when quick), which curl moves in turn. */
export async function run({
  quick = false,
  tell = () => undefined,
}: BenchOptions = {}): Promise<BenchReport> {
  const installed = await installPacked();
  try {
    const startUp = await measureStartUp(installed.firectl, quick ? 3 : 21);
    const bytes = quick ? 64_000_000 : 2_000_000_000;
    const transfers = await measureTransfers(installed, { bytes, rounds: quick ? 1 : 3, tell });
    return { name, rows: [...startUp, ...transfers] };
  } finally {
    await installed.remove();
  }
}
