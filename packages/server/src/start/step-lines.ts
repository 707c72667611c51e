import { formatDuration } from './format-amounts.ts';

/** Where lines go: a terminal is redrawn, anything else gets whole lines only. */
export interface Screen {
  readonly isTTY: boolean;
  readonly columns: number;
  /** As a stream's; what it returns is of no matter. */
  write(text: string): unknown;
}

/** The steps of a start, one line each: what it is, how far it is, how long it took. */
export interface StepLines {
  /** Ends the step before. */
  begin(text: string): void;
  /** How far the running step is. */
  update(detail: string): void;
  /** A line of its own above the running step. */
  note(text: string): void;
  end(): void;
  /** The running step went wrong. */
  fail(): void;
}

/** In a pipe a long step says how far it is this often. */
const pipeIntervalMs = 5_000;

export function createStepLines(screen: Screen, now: () => number = () => performance.now()): StepLines {
  let step: { readonly text: string; readonly beganMs: number } | null = null;
  let toldMs = 0;
  const line = (text: string) => screen.write(`${text}\n`);
  const draw = (text: string) => screen.write(`\r\u001b[2K${text.slice(0, screen.columns - 1)}`);
  const clear = () => screen.isTTY && screen.write('\r\u001b[2K');

  function finish(mark: string): void {
    if (step === null) return;
    clear();
    line(`  ${mark} ${step.text} (${formatDuration(now() - step.beganMs)})`);
    step = null;
  }

  return {
    begin(text) {
      finish('✓');
      step = { text, beganMs: now() };
      toldMs = now();
      if (screen.isTTY) draw(`  … ${text}`);
    },
    update(detail) {
      if (step === null) return;
      if (screen.isTTY) draw(`  … ${step.text}: ${detail}`);
      else if (now() - toldMs >= pipeIntervalMs) {
        toldMs = now();
        line(`  … ${step.text}: ${detail}`);
      }
    },
    note(text) {
      clear();
      line(`  ${text}`);
      if (screen.isTTY && step !== null) draw(`  … ${step.text}`);
    },
    end: () => finish('✓'),
    fail: () => finish('✗'),
  };
}
