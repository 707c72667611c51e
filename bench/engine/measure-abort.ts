import { generate, makeRequest } from '../../packages/engine/src/core/testing/requests.ts';
import { promptOf } from './commands.ts';
import type { Subject } from './subject.ts';

/**
 * Steps that the engine still makes between an abort and the end of its request, while another stream goes
 * on.
 */
export async function measureAbort(subject: Subject): Promise<number> {
  const make = (stream: number, maxTokens: number) =>
    makeRequest({
      promptTokens: subject.encode(promptOf(stream, 9000)),
      maxTokens,
      ignoreEnd: true,
      speculate: false,
    });
  const other = generate(subject.engine, make(0, 60));
  const victim = make(1, 1000);
  let tokens = 0;
  let stepsAfter = 0;
  let aborted = false;
  const stop = subject.watchSteps(() => {
    if (aborted) stepsAfter += 1;
  });
  const { end } = await generate(subject.engine, victim, (event) => {
    if (event.type !== 'token') return;
    tokens += 1;
    if (tokens !== 10) return;
    // On a later tick, as a client's going away would be noticed.
    setImmediate(() => {
      aborted = true;
      subject.engine.abort(victim.id);
    });
  });
  stop();
  await other;
  if (end.type !== 'aborted') throw new Error(`the aborted request ended with ${end.type}`);
  return stepsAfter;
}
