/** Where output goes. Tests hand in their own; the program has the process's. */
export interface Streams {
  /** Results: what a script reads. */
  out(text: string): void;
  /** The same, exactly as it is: streamed text. */
  write(text: string): void;
  /** Progress, notes and errors. */
  note(text: string): void;
  /** Whether standard error is a terminal: progress bars and colours only there. */
  readonly isTerminal: boolean;
  readonly columns: number;
  /** One line from the person; null at the end of input. */
  ask(question: string, options?: { readonly isSecret?: boolean }): Promise<string | null>;
}

/** The process's own streams. */
export function createProcessStreams(): Streams {
  return {
    out: (text) => void process.stdout.write(text.endsWith('\n') ? text : `${text}\n`),
    write: (text) => void process.stdout.write(text),
    note: (text) => void process.stderr.write(text),
    isTerminal: process.stderr.isTTY === true,
    columns: process.stderr.columns ?? 80,
    ask: askProcess,
  };
}

async function askProcess(
  question: string,
  options?: { readonly isSecret?: boolean },
): Promise<string | null> {
  const { createInterface } = await import('node:readline/promises');
  const { Writable } = await import('node:stream');
  // A secret is not echoed: what readline would write back is dropped, the question is written by hand.
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const isSecret = options?.isSecret === true && process.stdin.isTTY === true;
  const reader = createInterface({
    input: process.stdin,
    output: isSecret ? silent : process.stderr,
    terminal: process.stdin.isTTY === true,
  });
  // Asked only now that readline has turned the terminal's own echo off.
  if (isSecret) process.stderr.write(question);
  try {
    return await new Promise<string | null>((resolve, reject) => {
      reader.once('close', () => resolve(null));
      // While readline reads keys, Ctrl-C is one of them: it is made the signal again.
      reader.once('SIGINT', () => {
        process.once('SIGINT', () => reader.close());
        process.kill(process.pid, 'SIGINT');
      });
      reader.question(isSecret ? '' : question).then(resolve, reject);
    });
  } finally {
    reader.close();
    if (isSecret) process.stderr.write('\n');
  }
}
