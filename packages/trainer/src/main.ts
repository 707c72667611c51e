import { appendFileSync, createWriteStream, mkdirSync, type WriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { type EmitEvent, exitCodes, TrainerError, type TrainerErrorCode } from './process/events.ts';
import { measureSpeed } from './process/measure-speed.ts';
import { prepareJob } from './process/prepare-job.ts';
import { previewJob } from './process/preview-job.ts';
import { runJob } from './process/run-job.ts';
import { runPythonJob } from './process/run-python-job.ts';
import type { RunControl } from './run/run-training.ts';
import type { TrainerConfig } from './run/trainer-config.ts';

const help = `One fine-tuning job: reads a job folder, trains a LoRA adapter, writes it into <folder>/out.

  node packages/trainer/src/main.ts --job <folder>/config.json [--resume]
  node packages/trainer/src/main.ts --job <folder>/config.json --prepare [--with-base]
  node packages/trainer/src/main.ts --job <folder>/config.json --preview 3 [--measure-speed]

--prepare trains nothing: it writes train.tok, eval.tok, plan.jsonl and init/ into the folder, for a trainer in
another language (packages/trainer/python); --with-base also writes the base model's weights into base/.
--preview trains nothing either: one event tells what the job would train on, with so many examples spelled out;
--measure-speed adds how fast a thread of this processor is, which takes a tenth of a second.

Events go to file descriptor 3 (where it is open) and to <folder>/events.jsonl, one JSON object a line.
Commands come on standard input, one JSON object a line: {"cmd":"cancel"}, {"cmd":"pause"}, {"cmd":"checkpoint"}.
SIGTERM pauses; with --supervised so does the end of standard input, as whoever started it is gone.
Exit status: 0 done, 2 bad config, 3 bad data, 4 out of memory, 75 paused (--resume goes on), 130 cancelled,
1 anything else.
`;

/** Not in the file: heartbeats say nothing later, previews hold text of examples. */
const unwritten: ReadonlySet<string> = new Set(['heartbeat', 'preview']);

const { values } = parseArgs({
  options: {
    job: { type: 'string' },
    resume: { type: 'boolean', default: false },
    supervised: { type: 'boolean', default: false },
    prepare: { type: 'boolean', default: false },
    preview: { type: 'string' },
    'measure-speed': { type: 'boolean', default: false },
    'with-base': { type: 'boolean', default: false },
    help: { type: 'boolean' },
  },
});
if (values.help === true || values.job === undefined) {
  process.stdout.write(help);
  process.exit(values.help === true ? 0 : exitCodes.badConfig);
}
process.exitCode = await runMain(values.job);
process.stdin.destroy();

async function runMain(configPath: string): Promise<number> {
  const folder = dirname(configPath);
  mkdirSync(folder, { recursive: true });
  const emit = openEventLog(folder);
  const control: RunControl = { wanted: null };
  listen(control);
  const heartbeat = setInterval(() => emit({ type: 'heartbeat' }), 5000);
  try {
    const config = parseConfig(await readFile(configPath, 'utf8'), configPath);
    if (values.preview !== undefined) {
      const preview = await previewJob(config, Number(values.preview));
      const flopsPerThread = values['measure-speed'] ? await measureSpeed() : null;
      emit({ type: 'preview', preview, flopsPerThread });
      return exitCodes.done;
    }
    if (values.prepare) {
      const { report } = await prepareJob(config, folder, values['with-base']);
      emit({ type: 'report', report });
      return exitCodes.done;
    }
    const job = { config, folder, resume: values.resume, control, emit };
    if (config.worker) return await runPythonJob(job, () => clearInterval(heartbeat));
    const status = await runJob(job);
    return status === 'cancelled'
      ? exitCodes.cancelled
      : status === 'paused'
        ? exitCodes.paused
        : exitCodes.done;
  } catch (error) {
    return reportFailure(error, emit);
  } finally {
    clearInterval(heartbeat);
  }
}

function parseConfig(text: string, path: string): TrainerConfig {
  const config = JSON.parse(text) as Partial<TrainerConfig>;
  const missing = [
    'jobId',
    'base',
    'lora',
    'train',
    'evaluation',
    'checkpoint',
    'data',
    'threads',
    'precision',
  ].filter((key) => !(key in config));
  if (config.v !== 1) throw new TrainerError('BAD_CONFIG', `${path}: v is ${config.v}, this trainer reads 1`);
  if (missing.length > 0) throw new TrainerError('BAD_CONFIG', `${path} lacks ${missing.join(', ')}`);
  if (config.precision !== 'bf16' && config.precision !== 'f32') {
    throw new TrainerError('BAD_CONFIG', `${path}: precision is bf16 or f32, not ${config.precision}`);
  }
  return config as TrainerConfig;
}

/** Events in order, numbered and timed, to the file and (where the supervisor opened it) to descriptor 3. */
function openEventLog(folder: string): EmitEvent {
  let sequence = 0;
  let pipe: WriteStream | null = createWriteStream('', { fd: 3, autoClose: false });
  pipe.on('error', () => {
    pipe = null;
  });
  return (event) => {
    const line = `${JSON.stringify({ v: 1, seq: sequence++, ts: new Date().toISOString(), ...event })}\n`;
    if (!unwritten.has(event.type)) appendFileSync(join(folder, 'events.jsonl'), line);
    pipe?.write(line);
  };
}

function listen(control: RunControl): void {
  process.on('SIGTERM', () => {
    control.wanted = 'pause';
  });
  const input = createInterface({ input: process.stdin });
  if (values.supervised) {
    input.on('close', () => {
      control.wanted ??= 'pause';
    });
  }
  input.on('line', (line) => {
    const match = /^\{"cmd":"(cancel|pause|checkpoint)"\}$/.exec(line.replaceAll(' ', ''));
    if (match?.[1] !== undefined) control.wanted = match[1] as RunControl['wanted'];
    else process.stderr.write(`unknown command ${line}: use {"cmd":"cancel"}, "pause" or "checkpoint"\n`);
  });
}

function reportFailure(error: unknown, emit: EmitEvent): number {
  const message = error instanceof Error ? error.message : String(error);
  const code: TrainerErrorCode = error instanceof TrainerError ? error.code : 'INTERNAL';
  emit({ type: 'error', code, message, retryable: code === 'IO' || code === 'INTERNAL' });
  process.stderr.write(
    `${code}: ${error instanceof TrainerError ? message : ((error as Error).stack ?? message)}\n`,
  );
  const byCode: Partial<Record<TrainerErrorCode, number>> = {
    BAD_CONFIG: exitCodes.badConfig,
    UNSUPPORTED_MODEL: exitCodes.badConfig,
    BAD_DATA: exitCodes.badData,
    OOM: exitCodes.outOfMemory,
  };
  return byCode[code] ?? exitCodes.failed;
}
