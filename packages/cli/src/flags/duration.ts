import { UsageError } from '../exit-codes.ts';

const unitSeconds: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1, ms: 0.001 };

/** Protobuf duration (`600s`) of a Go-style one: `10m`, `168h0m0s`, `1h30m`, `500ms`, `0`. */
export function parseDuration(text: string, flag: string): string {
  if (text === '0') return '0s';
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s)/g)];
  if (parts.length === 0 || parts.map((part) => part[0]).join('') !== text) {
    throw new UsageError(`${flag}: '${text}' is not a duration such as 30s, 10m or 1h30m`);
  }
  const seconds = parts.reduce((sum, part) => sum + Number(part[1]) * unitSeconds[part[2]!]!, 0);
  return `${Number(seconds.toFixed(9))}s`;
}

/** Go-style text of a protobuf duration: `1h30m0s`, as the platform's own tool prints it. */
export function formatDuration(duration: string): string {
  const total = Number(duration.replace(/s$/, ''));
  if (!Number.isFinite(total)) return duration;
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor((total % 3600) / 60);
  const seconds = Number((total % 60).toFixed(3));
  if (hours > 0) return `${hours}h${minutes}m${seconds}s`;
  return minutes > 0 ? `${minutes}m${seconds}s` : `${seconds}s`;
}
