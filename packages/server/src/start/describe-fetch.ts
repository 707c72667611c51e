import type { FetchProgress } from '../catalogue/index.ts';
import { formatBytes, formatDuration } from './format-amounts.ts';

const barWidth = 24;

/** One line: what is done, a bar, bytes, rate and the time that is left, as far as they are known. */
export function describeFetch({
  stage,
  source,
  bytesDone,
  bytesTotal,
  bytesPerSecond,
}: FetchProgress): string {
  if (stage === 'waiting') return `waiting for ${source}`;
  const amount =
    bytesTotal === null
      ? formatBytes(bytesDone)
      : `${drawBar(bytesDone / bytesTotal)} ${formatBytes(bytesDone)} of ${formatBytes(bytesTotal)}`;
  const rate = bytesPerSecond === null || bytesPerSecond < 1 ? [] : [`${formatBytes(bytesPerSecond)}/s`];
  const left =
    bytesTotal === null || bytesPerSecond === null || bytesPerSecond < 1
      ? []
      : [`${formatDuration(((bytesTotal - bytesDone) * 1000) / bytesPerSecond)} left`];
  return [`${stage} ${amount}`, ...rate, ...left, source].join(', ');
}

export function drawBar(fraction: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, fraction)) * barWidth);
  return `[${'#'.repeat(filled)}${'.'.repeat(barWidth - filled)}]`;
}
