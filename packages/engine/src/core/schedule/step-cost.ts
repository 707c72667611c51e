/** How much a new measurement counts. */
const SHARE = 0.2;
/** A measurement is believed up to this many times what was known: machines have hiccups. */
const OUTLIER = 2;

interface Point {
  rows: number;
  ms: number;
}

/**
 * What a forward call of so many rows takes, learned from the calls made: a curve through what was measured
 * near 1, 2, 3, 4, 6, 8, 12, 16 … rows. A straight line would not do: on a CPU two rows can cost four times
 * as much as one and sixteen hardly more than two (other kernels), and prompt chunks and drafts are judged by
 * the difference.
 */
export class StepCost {
  /** By class of row counts; holes where nothing was measured. */
  readonly #points: (Point | undefined)[] = [];

  learn(rows: number, forwardMs: number): void {
    const place = classOf(rows);
    const point = this.#points[place];
    if (point === undefined) {
      this.#points[place] = { rows, ms: forwardMs };
      return;
    }
    point.rows += SHARE * (rows - point.rows);
    point.ms += SHARE * (Math.min(forwardMs, OUTLIER * point.ms + 1e-3) - point.ms);
  }

  /** Estimated milliseconds; null before anything is known. */
  estimate(rows: number): number | null {
    let below: Point | null = null;
    for (const point of this.#points) {
      if (point === undefined) continue;
      if (point.rows >= rows) return interpolate(below, point, rows);
      below = point;
    }
    // Beyond everything measured: in proportion.
    return below === null ? null : (below.ms * rows) / below.rows;
  }
}

/** Two classes for each doubling. */
function classOf(rows: number): number {
  return Math.round(2 * Math.log2(rows));
}

function interpolate(below: Point | null, above: Point, rows: number): number {
  if (below === null) return (above.ms * rows) / above.rows;
  const part = (rows - below.rows) / (above.rows - below.rows || 1);
  return below.ms + part * (above.ms - below.ms);
}
