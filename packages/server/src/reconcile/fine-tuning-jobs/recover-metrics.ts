import { createReadStream, existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TrainerReport } from '../../launch/trainer-process.ts';
import type { Database } from '../../store/database.ts';
import { dropMetricsAfter, insertJobEvent, readJobMetrics } from '../../store/fine-tuning-events.ts';
import { readMetrics } from './trainer-metrics.ts';

/**
 * Makes a job's stored numbers those of the steps that its trainer goes on from: later ones are said again,
 * and earlier ones that a killed server had no time to store are in the trainer's own file.
 */
export async function recoverMetrics(db: Database, job: string, folder: string, step: number): Promise<void> {
  await dropMetricsAfter(db, job, step);
  const path = join(folder, 'metrics.jsonl');
  if (step <= 0 || !existsSync(path)) return;
  const keyOf = ({ type, at }: { type: string; at: unknown }) => `${type} ${at}`;
  const stored = await readJobMetrics(db, job);
  const known = new Set(stored.map(({ type, metrics }) => keyOf({ type, at: metrics?.step })));
  for await (const line of createInterface({ input: createReadStream(path) })) {
    const report = parseLine(line);
    if (report === null || Number(report.step) > step) continue;
    const key = keyOf({ type: report.type, at: report.step });
    if (known.has(key)) continue;
    known.add(key);
    const type = report.type === 'eval' ? 'eval' : 'metric';
    await insertJobEvent(db, job, { type, level: 'info', message: '', metrics: readMetrics(report) });
  }
}

/** Null for the torn last line of a trainer that was killed. */
function parseLine(line: string): TrainerReport | null {
  try {
    return JSON.parse(line) as TrainerReport;
  } catch {
    return null;
  }
}
