import { generate, makeRequest } from '../../packages/engine/src/core/testing/requests.ts';
import type { EngineCommand } from './commands.ts';
import type { Subject } from './subject.ts';

type FirstToken = Extract<EngineCommand, { kind: 'first-token' }>;

/**
 * Milliseconds from submit to the first token of a prompt that begins with a long text, cached or never seen.
 */
export async function measureFirstToken(subject: Subject, command: FirstToken): Promise<number> {
  const { prefixTokens, isCached, round } = command;
  const sentence = subject.encode('The committee met on a grey morning to discuss the bridge. ');
  const prefix = Array.from({ length: prefixTokens }, (_, index) => sentence[index % sentence.length]!);
  // A key of its own is a cache of its own.
  const isolationKey = isCached ? 'warm' : `cold ${round}`;
  const ask = (question: string) =>
    timeFirstToken(subject, [...prefix, ...subject.encode(question)], isolationKey);
  if (isCached) await ask(' What was decided?');
  return ask(` What did member ${round} say?`);
}

async function timeFirstToken(
  subject: Subject,
  promptTokens: number[],
  isolationKey: string,
): Promise<number> {
  const begin = performance.now();
  let firstMs = 0;
  const request = makeRequest({
    promptTokens,
    isolationKey,
    maxTokens: 2,
    ignoreEnd: true,
    speculate: false,
  });
  await generate(subject.engine, request, (event) => {
    if (event.type === 'token' && firstMs === 0) firstMs = performance.now() - begin;
  });
  return firstMs;
}
