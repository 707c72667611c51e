import { startWorker, type Worker } from '../worker.ts';
import type { Outcome } from './judge-results.ts';
import type { SchemaResult } from './measure-schema.ts';

/** A schema that takes longer than this is given up, with the process that is busy with it. */
const GIVE_UP_MS = 15_000;

/** One engine in a process of its own, started anew when it ends. */
export interface RunningContestant {
  measure(caseIndex: number): Promise<Outcome>;
  /** Milliseconds of getting the vocabulary ready. */
  preparedMs(): Promise<number>;
  close(): void;
}

export function startContestant(program: URL): RunningContestant {
  let worker: Worker = startWorker(program, []);
  const restart = () => {
    worker.close();
    worker = startWorker(program, []);
  };
  return {
    preparedMs: () => worker.call<number>('prepared'),
    async measure(caseIndex) {
      // A fresh process is still loading its vocabulary; that is not the schema's time.
      await worker.call<number>('prepared');
      let timer: NodeJS.Timeout | undefined;
      const tooLong = new Promise<'too long'>((resolve) => {
        timer = setTimeout(resolve, GIVE_UP_MS, 'too long');
      });
      const answer = worker.call<SchemaResult>(caseIndex).catch(() => 'ended' as const);
      const result = await Promise.race([answer, tooLong]);
      clearTimeout(timer);
      if (typeof result === 'object') return { result };
      restart();
      return { result: null, timedOut: result === 'too long' };
    },
    close: () => worker.close(),
  };
}
