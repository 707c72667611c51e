/** One measured figure beside what it is compared with. Both are medians of the same run, taken in turns. */
export interface BenchRow {
  readonly metric: string;
  readonly unit: string;
  readonly ours: number;
  /** Null: there is nothing to compare with, and the goal is absolute. */
  readonly anchor: number | null;
  readonly anchorName: string | null;
  /** ours / anchor. */
  readonly ratio: number | null;
  /** In words, such as `>= 0.97`; it is about the ratio unless it names a unit. */
  readonly goal: string;
  readonly holds: boolean;
}

export interface BenchOptions {
  /** Shorter rounds: enough to see that everything works, not to believe the figures. */
  readonly quick?: boolean;
  /** Seconds of each measured block, for benchmarks that run by time. */
  readonly seconds?: number;
  /** One line on where the benchmark is. */
  readonly tell?: (text: string) => void;
}

export interface BenchReport {
  readonly name: string;
  readonly rows: readonly BenchRow[];
}

/** What each `bench/<name>/index.ts` exports. */
export interface Bench {
  readonly name: string;
  readonly run: (options?: BenchOptions) => Promise<BenchReport>;
}

export interface Measured {
  readonly metric: string;
  readonly unit: string;
  readonly ours: number;
  readonly anchor: number;
  readonly anchorName: string;
  /** `>= 0.97` or `<= 0.2`: what the ratio should be. */
  readonly goal: string;
}

/** Adds the ratio and whether it reaches its goal. Throws on a goal that can't be read. */
export function makeRow(measured: Measured): BenchRow {
  const ratio = measured.ours / measured.anchor;
  const { ours, anchor, goal } = measured;
  return {
    ...measured,
    ours: round(ours),
    anchor: round(anchor),
    ratio: round(ratio),
    holds: reaches(ratio, goal),
  };
}

function reaches(ratio: number, goal: string): boolean {
  const [, sign, bound] = /^(>=|<=) (\d+(?:\.\d+)?)$/.exec(goal) ?? [];
  if (sign === undefined) throw new Error(`A goal is written '>= 1.2' or '<= 0.2', not '${goal}'.`);
  return sign === '>=' ? ratio >= Number(bound) : ratio <= Number(bound);
}

/** Four digits: more would pretend. */
function round(value: number): number {
  return Number(value.toPrecision(4));
}
