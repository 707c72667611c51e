import type { Duration } from './commands.ts';

/** Processor time of this process so far, milliseconds. */
function ownProcessorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Starts now; the function it returns says how long ago that was. */
export function startStopwatch(processorMs: () => number = ownProcessorMs): () => Duration {
  const begin = performance.now();
  const processorBegin = processorMs();
  return () => ({ ms: performance.now() - begin, processorMs: processorMs() - processorBegin });
}
