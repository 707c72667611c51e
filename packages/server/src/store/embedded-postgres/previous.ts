import { readFile, readlink, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long each stronger signal is given: fast shutdown, immediate shutdown, kill. */
const patience: readonly (readonly [NodeJS.Signals, number])[] = [
  ['SIGINT', 10_000],
  ['SIGQUIT', 5_000],
  ['SIGKILL', 5_000],
];

/**
 * Makes sure that nothing of an earlier server uses the cluster: stops a Postgres that outlived it and
 * removes the pid file it left. The caller holds the data folder, so whatever still runs there is an orphan.
 * Returns the pid that was stopped, or null.
 */
export async function stopPreviousPostgres(clusterFolder: string): Promise<number | null> {
  const pidFile = join(clusterFolder, 'postmaster.pid');
  const pid = Number((await readFile(pidFile, 'utf8').catch(() => '')).split('\n')[0]);
  if (!Number.isInteger(pid) || pid <= 1) return null;
  const isOurs = await runsOn(pid, clusterFolder);
  if (isOurs) await stopProcess(pid, clusterFolder);
  // Postgres refuses to start when the pid in the file is alive, whatever process has it now. In a container,
  // where pids repeat after each restart, that is likely; we know better, since we looked.
  await rm(pidFile, { force: true });
  return isOurs ? pid : null;
}

async function stopProcess(pid: number, clusterFolder: string): Promise<void> {
  for (const [signal, timeoutMs] of patience) {
    signalIfAlive(pid, signal);
    const deadline = Date.now() + timeoutMs;
    while (Date.now() < deadline) {
      if (!(await runsOn(pid, clusterFolder))) return;
      await sleep(20);
    }
  }
  throw new Error(
    `Postgres (process ${pid}) of an earlier server still runs on ${clusterFolder} and cannot be stopped.`,
  );
}

function signalIfAlive(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Whether the process is a Postgres on this cluster: its working folder is the cluster. */
async function runsOn(pid: number, clusterFolder: string): Promise<boolean> {
  if (process.platform === 'linux') {
    const folder = await readlink(`/proc/${pid}/cwd`).catch(() => null);
    return folder !== null && folder === (await realpath(clusterFolder));
  }
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
