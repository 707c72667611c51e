/** Loaded before a program (`node --import`): writes the most memory it had, in bytes, when it ends. */
import { readFileSync, writeFileSync } from 'node:fs';

const path = process.env.SPARKLER_BENCH_PEAK;

/**
 * maxRSS begins with what the parent had (Linux keeps it through exec): the mapping's own peak is asked for.
 */
function findPeakBytes(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS * 1024;
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024;
}

process.on('exit', () => {
  if (path !== undefined) writeFileSync(path, String(findPeakBytes()));
});
