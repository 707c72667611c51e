import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { dieWithParent } from './die-with-parent.ts';
import { type TrainerReport, trainerMain } from './trainer-process.ts';

/** A look of this length is not going to end. */
const previewMsMax = 120_000;

/**
 * Has the trainer tell what a job (its config.json) would train on, without training. Resolves with its
 * `preview` event, or with its `error` event when data or model cannot be used. Rejects when it dies.
 */
export function previewTraining(
  configFile: string,
  samplesMax: number,
  measuresSpeed: boolean,
): Promise<TrainerReport> {
  const asked = ['--preview', String(samplesMax), ...(measuresSpeed ? ['--measure-speed'] : [])];
  const trainer = [process.execPath, trainerMain, '--job', configFile, ...asked];
  const [program, ...args] = [...dieWithParent('KILL'), 'nice', '-n', '5', ...trainer];
  const child = spawn(program!, args, { stdio: ['ignore', 'ignore', 'pipe', 'pipe'] });
  const timer = setTimeout(() => child.kill('SIGKILL'), previewMsMax);
  return new Promise((resolve, reject) => {
    let answer: TrainerReport | null = null;
    let log = '';
    child.stderr?.on('data', (bytes: Buffer) => {
      log = (log + bytes.toString()).slice(-2000);
    });
    createInterface({ input: child.stdio[3] as Readable }).on('line', (line) => {
      const report = JSON.parse(line) as TrainerReport;
      if (report.type === 'preview' || report.type === 'error') answer = report;
    });
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(timer);
      if (answer !== null) resolve(answer);
      else reject(new Error(`the trainer ended with ${code} and no preview: ${log}`));
    });
  });
}
