import { type BenchRow, makeRow } from '../bench-row.ts';
import { median } from '../median.ts';
import { takeTurns } from '../take-turns.ts';

const unit = 'MiB/s';

/**
 * What is asked of the clock is not asked of the processor, which has the cipher's work on top of moving
 * bytes about; this bound is only there to show when that becomes more.
 */
const processorGoal = '>= 0.65';

type Measure = () => Promise<number>;

/**
 * Two rows: by the clock, and by the processor's time. `prepare` comes before each turn and counts in none.
 */
export type Compare = (
  metric: string,
  ours: Measure,
  anchor: Measure,
  prepare?: () => Promise<void>,
) => Promise<BenchRow[]>;

/** Compares two ways to do something with files of a size. */
export function compareSpeeds(rounds: number, sizeMiB: number): Compare {
  return async (metric, measureOurs, measureAnchor, prepare = async () => undefined) => {
    const [ours, anchor] = [countProcessor(measureOurs, sizeMiB), countProcessor(measureAnchor, sizeMiB)];
    const byClock = await takeTurns(
      rounds,
      async () => {
        await prepare();
        return ours.measure();
      },
      async () => {
        await prepare();
        return anchor.measure();
      },
    );
    const row = { anchorName: 'the same store without', goal: '>= 0.9' };
    const byProcessor = { ours: ours.perSecond(), anchor: anchor.perSecond() };
    return [
      makeRow({ ...row, ...byClock, metric, unit }),
      makeRow({ ...row, ...byProcessor, metric: `${metric}: a processor's time`, unit, goal: processorGoal }),
    ];
  };
}

/** The same, and how much a second of this process's time on processors gets done, all threads together. */
function countProcessor(measure: Measure, sizeMiB: number) {
  const speeds: number[] = [];
  return {
    async measure(): Promise<number> {
      const before = process.cpuUsage();
      const speed = await measure();
      const { user, system } = process.cpuUsage(before);
      speeds.push((sizeMiB * 1e6) / (user + system));
      return speed;
    },
    /** The first turn warms up. */
    perSecond: () => median(speeds.slice(1)),
  };
}
