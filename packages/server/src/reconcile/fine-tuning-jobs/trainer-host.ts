import { mkdirSync, writeFileSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  startTrainer,
  type TrainerExit,
  type TrainerProcess,
  type TrainerReport,
} from '../../launch/trainer-process.ts';
import type { TrainerEnd } from './plan.ts';

export interface TrainerHostOptions {
  /** Where job folders are. */
  readonly folder: string;
  /** Something happened to a job. */
  readonly onChange: (job: string) => void;
  readonly onReport: (job: string, report: TrainerReport) => void;
  /** For tests: how a trainer is started. */
  readonly start?: typeof startTrainer;
}

/**
 * The trainers on this host, one at a time: ggml's threads spin, so two would be slower than one after the
 * other.
 */
export class TrainerHost {
  readonly #options: TrainerHostOptions;
  readonly #running = new Map<string, TrainerProcess>();
  readonly #ended = new Map<string, TrainerEnd>();
  /** Last word of each trainer, from which its end is explained. */
  readonly #lastWords = new Map<string, TrainerReport>();
  #isClosing = false;

  constructor(options: TrainerHostOptions) {
    this.#options = options;
  }

  state(job: string): 'none' | 'running' | TrainerEnd {
    if (this.#running.has(job)) return 'running';
    return this.#ended.get(job) ?? 'none';
  }

  /** A trainer that starts again has a new end. */
  forgetEnd(job: string): void {
    this.#ended.delete(job);
  }

  isBusyWithout(job: string): boolean {
    return [...this.#running.keys()].some((other) => other !== job);
  }

  folderOf(job: string): string {
    const [, account = '', , id = ''] = job.split('/');
    return join(this.#options.folder, account, id);
  }

  /** Starts the trainer of a job, from its newest checkpoint if there is one. Nothing happens if it runs. */
  async start(job: string, config: object): Promise<void> {
    if (this.#running.has(job) || this.#isClosing) return;
    const folder = this.folderOf(job);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const path = join(folder, 'config.json');
    writeFileSync(`${path}.tmp`, JSON.stringify(config), { mode: 0o600 });
    await rename(`${path}.tmp`, path);
    this.#ended.delete(job);
    this.#lastWords.delete(job);
    const trainer = (this.#options.start ?? startTrainer)(folder, {
      onReport: (report) => {
        this.#lastWords.set(job, report);
        this.#options.onReport(job, report);
      },
      onExit: (exit) => {
        this.#running.delete(job);
        this.#ended.set(job, explainEnd(exit, this.#lastWords.get(job)));
        this.#options.onChange(job);
      },
    });
    this.#running.set(job, trainer);
  }

  cancel(job: string): void {
    this.#running.get(job)?.cancel();
  }

  pause(job: string): void {
    this.#running.get(job)?.pause();
  }

  yield(): void {
    for (const trainer of this.#running.values()) trainer.pause();
  }

  /** Forgets a job and its files. */
  async remove(job: string): Promise<void> {
    this.#ended.delete(job);
    await rm(this.folderOf(job), { recursive: true, force: true });
  }

  /**
   * Pauses what runs, so that the next start goes on from a checkpoint; kills what does not listen in time.
   */
  async close(graceMs: number): Promise<void> {
    this.#isClosing = true;
    const trainers = [...this.#running.values()];
    for (const trainer of trainers) trainer.pause();
    const timer = setTimeout(() => {
      for (const trainer of trainers) trainer.kill();
    }, graceMs);
    await Promise.all(trainers.map((trainer) => trainer.gone));
    clearTimeout(timer);
  }
}

/**
 * What an exit means; the trainer's codes are documented with it (packages/trainer/src/process/events.ts).
 */
export function explainEnd(exit: TrainerExit, last: TrainerReport | undefined): TrainerEnd {
  const message = last?.type === 'error' ? String(last.message) : exit.logTail;
  switch (exit.code) {
    case 0:
      return { outcome: last?.status === 'early_stopped' ? 'early-stopped' : 'done', message: '' };
    case 2:
    case 3:
    case 4:
      return { outcome: 'refused', message };
    case 75:
      return { outcome: 'paused', message: '' };
    case 130:
      return { outcome: 'cancelled', message: '' };
    default:
      return { outcome: 'crashed', message };
  }
}
