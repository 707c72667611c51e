import { generate, makeRequest } from '../../packages/engine/src/core/testing/requests.ts';
import { type EngineCommand, promptOf, type StepOverhead, type Throughput } from './commands.ts';
import { startStopwatch } from './stopwatch.ts';
import type { Subject } from './subject.ts';

type Overhead = Extract<EngineCommand, { kind: 'step-overhead' }>;
type Asked = Extract<EngineCommand, { kind: 'throughput' }>;

/** All streams: no cache, no speculation, the bare engine. */
export async function measureThroughput(
  subject: Subject,
  { streams, tokens, round }: Asked,
  temperature = 0,
): Promise<Throughput> {
  const requests = Array.from({ length: streams }, (_, stream) =>
    makeRequest({
      promptTokens: subject.encode(promptOf(stream, round)),
      maxTokens: tokens,
      ignoreEnd: true,
      speculate: false,
      cacheTokensMax: 0,
      sampling: { temperature, seed: stream },
    }),
  );
  const watch = startStopwatch();
  const outcomes = await Promise.all(requests.map((request) => generate(subject.engine, request)));
  const made = outcomes.reduce((sum, outcome) => sum + outcome.choices[0]!.length, 0);
  return { tokens: made, ...watch() };
}

/** Of decode-only steps: how long they take, and how much of it is ours rather than llama_decode's. */
export async function measureStepOverhead(
  subject: Subject,
  { streams, tokens, temperature }: Overhead,
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
  const asked = { kind: 'throughput', streams, tokens, round: 1000 + streams } as const;
  await measureThroughput(subject, asked, temperature);
  stop();
  return { stepMs: stepMs / steps, outsideMs: outsideMs / steps };
}
