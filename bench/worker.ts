import type { Serializable } from 'node:child_process';
import { type ChildProcess, fork } from 'node:child_process';

/**
 * A process of its own for one contestant: two copies of llama.cpp in one process would share symbols, and a
 * contestant's garbage must not be the other's pause.
 */
export interface Worker {
  /** Sends one command and waits for its answer. Rejects with the worker's error, also when it dies. */
  call<T>(command: Serializable): Promise<T>;
  close(): void;
}

type Answer = { readonly value: unknown } | { readonly error: string };

/** Starts `node <program> <arguments>`; it answers commands through `answerCommands`. */
export function startWorker(program: URL, programArguments: readonly string[]): Worker {
  const child = fork(program, programArguments, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  return {
    call<T>(command: Serializable) {
      return new Promise<T>((resolve, reject) => {
        const stop = listen(child, (answer) => {
          stop();
          if ('error' in answer) reject(new Error(answer.error));
          else resolve(answer.value as T);
        });
        child.send(command);
      });
    },
    close: () => child.kill(),
  };
}

function listen(child: ChildProcess, onAnswer: (answer: Answer) => void): () => void {
  const onExit = (code: number | null) => onAnswer({ error: `the benchmark's worker ended with ${code}` });
  const onMessage = (answer: unknown) => onAnswer(answer as Answer);
  child.on('message', onMessage).on('exit', onExit);
  return () => child.off('message', onMessage).off('exit', onExit);
}

/** The worker's side: answers commands one at a time until its parent goes away. */
export function answerCommands<C>(answer: (command: C) => Promise<Serializable>): void {
  process.on('message', (command: C) => {
    answer(command).then(
      (value) => process.send?.({ value }),
      (error: Error) => process.send?.({ error: error.stack ?? error.message }),
    );
  });
  process.on('disconnect', () => process.exit());
}
