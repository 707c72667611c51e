import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { WorkerConfig } from '../run/trainer-config.ts';
import { TrainerError } from './events.ts';

const pythonFolder = fileURLToPath(new URL('../../python', import.meta.url));

/** What a Python has for training. */
export interface PythonFacts {
  readonly torch: string;
  readonly gpus: number;
}

const probe = `
import json, torch, transformers, peft
print(json.dumps({"torch": torch.__version__, "gpus": torch.cuda.device_count()}))`;

/** Asks a Python for its torch and GPUs. Throws TrainerError BAD_CONFIG saying how to get what is missing. */
export async function probePython(worker: WorkerConfig): Promise<PythonFacts> {
  try {
    const { stdout } = await promisify(execFile)(worker.python, ['-c', probe], { timeout: 300_000 });
    return JSON.parse(stdout.trim().split('\n').at(-1)!) as PythonFacts;
  } catch (cause) {
    const { code, stderr = '' } = cause as NodeJS.ErrnoException & { stderr?: string };
    const why = code === 'ENOENT' ? 'there is no such program' : stderr.trim().split('\n').at(-1);
    const message =
      `${worker.python} cannot train (${why}): make its environment with ` +
      '`node packages/trainer/src/install-python.ts <folder>`, and name its bin/python in ' +
      'SPARKLER_TRAINER_PYTHON; or train on processors with SPARKLER_TRAINER=embedded';
    throw new TrainerError('BAD_CONFIG', message, { cause });
  }
}

/** How many processes a job has. Throws TrainerError BAD_CONFIG for GPUs that are not there. Pure. */
export function planProcesses(worker: WorkerConfig, facts: PythonFacts): number {
  if (worker.device === 'cpu') return Math.max(1, worker.processes);
  if (facts.gpus === 0) {
    const message =
      `PyTorch ${facts.torch} sees no GPU on this host: check nvidia-smi and CUDA_VISIBLE_DEVICES, or set ` +
      'SPARKLER_TRAINER_DEVICE=cpu';
    throw new TrainerError('BAD_CONFIG', message);
  }
  const wanted = worker.processes === 0 ? facts.gpus : worker.processes;
  if (wanted <= facts.gpus) return wanted;
  throw new TrainerError(
    'BAD_CONFIG',
    `${wanted} processes need a GPU each, and PyTorch sees ${facts.gpus}: lower SPARKLER_TRAINER_PROCESSES`,
  );
}

/** A job's Python processes, which work as one. */
export interface PythonRanks {
  /** To the first, which tells the others. */
  send(command: string): void;
  /** Exit status of the first; 1 when it was killed. */
  readonly ended: Promise<number>;
}

export interface RankOptions {
  readonly worker: WorkerConfig;
  readonly processes: number;
  readonly configPath: string;
  readonly threads: number;
  readonly resume: boolean;
  onLine(line: string): void;
}

/** Time the others have to end by themselves after one did: they wait for it in a collective. */
const lastMs = 10_000;

/**
 * Starts the ranks of one host. Not with torchrun, which passes neither descriptor 3 nor standard input on;
 * what it sets is five variables.
 */
export async function startRanks(options: RankOptions): Promise<PythonRanks> {
  const port = await findFreePort();
  const ranks = Array.from({ length: options.processes }, (_, rank) => startRank(options, rank, port));
  let timer: NodeJS.Timeout | undefined;
  const killAll = (): void => {
    for (const rank of ranks) rank.kill('SIGKILL');
  };
  const ends = ranks.map(async (rank) => {
    const [code] = (await once(rank, 'close')) as [number | null];
    timer ??= setTimeout(killAll, lastMs);
    return code ?? 1;
  });
  const ended = Promise.all(ends).then((codes) => {
    clearTimeout(timer);
    return codes[0]!;
  });
  const first = ranks[0]!;
  first.stdin!.on('error', () => undefined);
  createInterface({ input: first.stdio[3] as Readable }).on('line', options.onLine);
  return { send: (command) => void first.stdin!.write(`{"cmd":"${command}"}\n`), ended };
}

function startRank(options: RankOptions, rank: number, port: number): ChildProcess {
  const { worker, processes, configPath, threads, resume } = options;
  const flags = ['--job', configPath, '--device', worker.device, '--strategy', worker.strategy];
  const program = join(pythonFolder, 'train.py');
  const distributed = {
    RANK: String(rank),
    LOCAL_RANK: String(rank),
    WORLD_SIZE: String(processes),
    MASTER_ADDR: '127.0.0.1',
    MASTER_PORT: String(port),
  };
  return spawn(worker.python, [program, ...flags, ...(resume ? ['--resume'] : [])], {
    env: {
      ...process.env,
      ...(processes > 1 ? distributed : {}),
      OMP_NUM_THREADS: String(Math.max(1, Math.floor(threads / processes))),
      // It ends when its standard input does: with us, however we end.
      SPARKLER_SUPERVISED: '1',
    },
    stdio: ['pipe', 'inherit', 'inherit', rank === 0 ? 'pipe' : 'ignore'],
  });
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
