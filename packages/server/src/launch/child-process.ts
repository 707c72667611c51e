import { mkdirSync, rmSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dieWithParent } from './die-with-parent.ts';
import type { Launcher, ObservedReplica, ReplicaSpec } from './launcher.ts';
import { ReplicaProcess, type ReplicaTimeouts } from './replica-process.ts';

export interface ChildProcessLauncherOptions {
  /** Private folder with a short path; emptied at the start. */
  readonly socketFolder: string;
  readonly logFolder: string;
  /** Private folder for compiled code of the engine: later launches take half the time. */
  readonly compileCacheFolder: string;
  readonly timeouts: ReplicaTimeouts;
  /** Program of an engine replica; the engine of this repository unless given. */
  readonly engineProgram?: string;
}

/** The engine is a process, not a library: its place is all we know of it. */
const defaultEngineProgram = fileURLToPath(new URL('../../../engine/src/main.ts', import.meta.url));
/** Logs of replicas that are gone, kept for a look back. */
const oldLogsMax = 20;

/** Runs each replica as a child process of this one, listening on a Unix socket. */
export async function createChildProcessLauncher(options: ChildProcessLauncherOptions): Promise<Launcher> {
  const socketFolder = join(options.socketFolder, 'replicas');
  rmSync(socketFolder, { recursive: true, force: true });
  mkdirSync(socketFolder, { recursive: true, mode: 0o700 });
  mkdirSync(options.logFolder, { recursive: true, mode: 0o700 });
  await removeOldLogs(options.logFolder);
  const replicas = new Map<string, ReplicaProcess>();
  const changeListeners: ((deployment: string) => void)[] = [];
  const loadListeners: ((deployment: string, fraction: number) => void)[] = [];

  function start(spec: ReplicaSpec): void {
    const socketPath = join(socketFolder, `${spec.id}.sock`);
    const journalPath = join(options.logFolder, `${spec.id}.in-flight`);
    const command = {
      words: [
        ...dieWithParent('KILL'),
        process.execPath,
        ...engineWords(spec, socketPath, options),
        `--crash-report=${journalPath}`,
      ],
      env: engineEnvironment(options.compileCacheFolder),
      socketPath,
      logPath: join(options.logFolder, `${spec.id}.log`),
      journalPath,
    };
    const replica = new ReplicaProcess(spec, command, options.timeouts, {
      onChange: () => {
        for (const listener of changeListeners) listener(spec.deployment);
      },
      onLoading: (fraction) => {
        for (const listener of loadListeners) listener(spec.deployment, fraction);
      },
    });
    replicas.set(spec.id, replica);
  }

  return {
    kind: 'child-process',
    async launch(spec) {
      if (!replicas.has(spec.id)) start(spec);
    },
    async drain(id) {
      replicas.get(id)?.tell({ kind: 'drain' });
    },
    async stop(id) {
      replicas.get(id)?.tell({ kind: 'stop' });
      await replicas.get(id)?.gone;
    },
    async forget(id) {
      if (replicas.get(id)?.observe().state === 'exited') replicas.delete(id);
    },
    async observe(deployment) {
      return [...replicas.values()]
        .map((replica) => replica.observe())
        .filter((replica: ObservedReplica) => replica.deployment === deployment);
    },
    onChange(listener) {
      changeListeners.push(listener);
    },
    onLoading(listener) {
      loadListeners.push(listener);
    },
    async close() {
      for (const replica of replicas.values()) replica.tell({ kind: 'stop' });
      await Promise.all([...replicas.values()].map((replica) => replica.gone));
    },
  };
}

function engineWords(spec: ReplicaSpec, socketPath: string, options: ChildProcessLauncherOptions): string[] {
  return [
    options.engineProgram ?? defaultEngineProgram,
    `--runner=${spec.runner}`,
    ...(spec.modelPath === null ? [] : [`--model=${spec.modelPath}`]),
    ...(spec.draftModelPath === null ? [] : [`--draft-model=${spec.draftModelPath}`]),
    ...(spec.draftTokens === undefined ? [] : [`--draft-tokens=${spec.draftTokens}`]),
    ...(spec.ngramTokens === undefined ? [] : [`--ngram-tokens=${spec.ngramTokens}`]),
    `--socket=${socketPath}`,
    `--name=${spec.servedName}`,
    `--threads=${spec.threads}`,
    `--cells=${spec.cells}`,
    `--sequences=${spec.sequences}`,
    `--batch-tokens=${spec.batchTokens}`,
    `--grace-ms=${options.timeouts.drainMs}`,
  ];
}

/**
 * glibc gives each thread a heap of its own and hands little of it back: after 7,000 requests an engine on a
 * model of 0.5 MB held 155 MB, with one heap 90.
 */
function engineEnvironment(compileCacheFolder: string): Record<string, string> {
  return { NODE_COMPILE_CACHE: compileCacheFolder, MALLOC_ARENA_MAX: '2', ...childEnvironment(process.env) };
}

/** The engine runs untrusted prompts and needs no secret: what looks like one stays here. */
export function childEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  const secret = /(KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|DATABASE_URL|PGPASS)/i;
  const entries = Object.entries(env).filter(([name, value]) => value !== undefined && !secret.test(name));
  return Object.fromEntries(entries) as Record<string, string>;
}

async function removeOldLogs(folder: string): Promise<void> {
  // Replica ids begin with their time, so names sort by age.
  const names = (await readdir(folder)).sort();
  await Promise.all(names.slice(0, -oldLogsMax).map((name) => rm(join(folder, name), { force: true })));
}
