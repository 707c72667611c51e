import type { Streams } from '../streams.ts';

/**
 * A bar with share, rate and time left, drawn over itself. Silent when not a terminal, or asked to be quiet.
 */
export interface ProgressBar {
  update(done: number): void;
  end(): void;
}

const redrawMs = 100;

export function startProgressBar(
  streams: Streams,
  options: { readonly label: string; readonly total: number; readonly isQuiet: boolean },
): ProgressBar {
  const { label, total, isQuiet } = options;
  if (isQuiet || !streams.isTerminal) return { update: () => undefined, end: () => undefined };
  const startMs = Date.now();
  let drawnMs = 0;
  let done = 0;
  const draw = (): void => {
    const seconds = Math.max(0.001, (Date.now() - startMs) / 1000);
    streams.note(`\r\x1b[K${formatProgress({ label, done, total, seconds, columns: streams.columns })}`);
    drawnMs = Date.now();
  };
  draw();
  return {
    update: (value) => {
      done = value;
      if (Date.now() - drawnMs >= redrawMs || done >= total) draw();
    },
    end: () => {
      draw();
      streams.note('\n');
    },
  };
}

/** `model.gguf  [#####     ] 48%  12.1 MB/s  8s left`. */
export function formatProgress(progress: {
  readonly label: string;
  readonly done: number;
  readonly total: number;
  readonly seconds: number;
  readonly columns: number;
}): string {
  const { label, done, total, seconds, columns } = progress;
  const share = total === 0 ? 1 : Math.min(1, done / total);
  const rate = done / seconds;
  const left = rate > 0 ? Math.ceil((total - done) / rate) : 0;
  const tail = ` ${Math.floor(share * 100)}%  ${formatBytes(rate)}/s${share < 1 && rate > 0 ? `  ${left}s left` : ''}`;
  const width = Math.max(5, Math.min(40, columns - label.length - tail.length - 5));
  const filled = Math.round(share * width);
  return `${label}  [${'#'.repeat(filled)}${' '.repeat(width - filled)}]${tail}`;
}

export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  return `${(bytes / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}
