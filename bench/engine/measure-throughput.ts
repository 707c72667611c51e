import { generate, makeRequest } from '../../packages/engine/src/core/testing/requests.ts';
import { type EngineCommand, promptOf, type StepOverhead } from './commands.ts';
import type { Subject } from './subject.ts';

type Throughput = Extract<EngineCommand, { kind: 'throughput' }>;

/** Tokens per second over all streams: no cache, no speculation, the bare engine. */
export async function measureThroughput(
  subject: Subject,
  { streams, tokens, round }: Throughput,
): Promise<number> {
  const requests = Array.from({ length: streams }, (_, stream) =>
    makeRequest({
      promptTokens: subject.encode(promptOf(stream, round)),
      maxTokens: tokens,
      ignoreEnd: true,
      speculate: false,
      cacheTokensMax: 0,
    }),
  );
  const begin = performance.now();
  const outcomes = await Promise.all(requests.map((request) => generate(subject.engine, request)));
  const made = outcomes.reduce((sum, outcome) => sum + outcome.choices[0]!.length, 0);
  return (made * 1000) / (performance.now() - begin);
}

/** Of decode-only steps: how long they take, and how much of it is ours rather than llama_decode's. */
export async function measureStepOverhead(
  subject: Subject,
  { streams, tokens }: { readonly streams: number; readonly tokens: number },
): Promise<StepOverhead> {
  let steps = 0;
  let stepMs = 0;
  let outsideMs = 0;
  const stop = subject.watchSteps(({ prefillRows, totalMs, forwardMs }) => {
    if (prefillRows > 0) return;
    steps += 1;
    stepMs += totalMs;
    outsideMs += totalMs - forwardMs;
  });
  await measureThroughput(subject, { kind: 'throughput', streams, tokens, round: 1000 + streams });
  stop();
  return { stepMs: stepMs / steps, outsideMs: outsideMs / steps };
}
