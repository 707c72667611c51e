/**
 * What `node --import` loads before a program, so that it writes its peak memory (bytes) to
 * SPARKLER_BENCH_PEAK when it ends. JavaScript in a URL: stripping types would take 40 MB itself. maxRSS
 * begins with what the parent had (Linux keeps it through exec), so the mapping's own peak is read where
 * there is /proc.
 */
const program = `
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
const findPeakBytes = () => {
  const status = '/proc/self/status';
  if (!existsSync(status)) return process.resourceUsage().maxRSS * 1024;
  return Number(/VmHWM:\\s+(\\d+) kB/.exec(readFileSync(status, 'utf8'))[1]) * 1024;
};
process.on('exit', () => writeFileSync(process.env.SPARKLER_BENCH_PEAK, String(findPeakBytes())));
`;

export const peakReporter = `data:text/javascript,${encodeURIComponent(program)}`;
