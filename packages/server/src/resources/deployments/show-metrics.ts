import { invalidField } from '@sparkler/api';
import type { Database } from '../../store/database.ts';
import { type DeploymentMetrics, readDeploymentMetrics } from '../../store/deployment-metrics.ts';

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };
const defaultRange = '10m';
const secondsMax = 31 * 86_400;

/**
 * The metrics of a deployment over the last `timeRange` (such as 10m), rates among them. What no request told
 * is left out. Throws ApiError.
 */
export async function showMetrics(
  db: Database,
  deployment: string,
  timeRange: string | undefined,
  nowMs: number,
): Promise<{ metrics: Record<string, number> }> {
  const seconds = parseRange(timeRange || defaultRange);
  const since = new Date(nowMs - seconds * 1_000);
  const seen = await readDeploymentMetrics(db, deployment, since, new Date(nowMs));
  const all = { ...seen, ...deriveRates(seen, seconds) };
  const shown = Object.entries(all).filter(([, value]) => value !== null);
  return { metrics: Object.fromEntries(shown) as Record<string, number> };
}

function deriveRates(seen: DeploymentMetrics, seconds: number): Record<string, number> {
  return {
    requests_per_second: seen.request_count / seconds,
    tokens_generated_per_second: seen.completion_tokens / seconds,
  };
}

function parseRange(text: string): number {
  const match = /^(\d{1,9})([smhd])$/.exec(text);
  const seconds = match === null ? 0 : Number(match[1]) * unitSeconds[match[2]!]!;
  if (seconds > 0 && seconds <= secondsMax) return seconds;
  throw invalidField(
    'timeRange',
    `timeRange is '${text.slice(0, 32)}': write 30s, 10m, 6h or 7d, at most 31d`,
  );
}
