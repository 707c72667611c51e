import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type PostgresBinaries, postgresEnvironment } from './binaries.ts';
import type { PostgresIdentity } from './identity.ts';

/** Name of the database's superuser, the only user there is: reaching the socket is what is guarded. */
export const databaseUser = 'sparkler';

/**
 * Makes the cluster folder when there is none. Built beside its place and renamed into it, so a start that
 * was killed half-way leaves nothing that looks like a cluster.
 */
export async function makeCluster(
  clusterFolder: string,
  binaries: PostgresBinaries,
  identity: PostgresIdentity,
): Promise<boolean> {
  if (existsSync(join(clusterFolder, 'PG_VERSION'))) return false;
  const building = `${clusterFolder}.building`;
  await rm(building, { recursive: true, force: true });
  await rm(clusterFolder, { recursive: true, force: true });
  await mkdir(building, { recursive: true, mode: 0o700 });
  await identity.own(building);
  await runInitdb(building, binaries, identity);
  await rename(building, clusterFolder);
  return true;
}

async function runInitdb(
  folder: string,
  binaries: PostgresBinaries,
  identity: PostgresIdentity,
): Promise<void> {
  const words = [
    ...identity.prefix,
    binaries.initdb,
    `--pgdata=${folder}`,
    `--username=${databaseUser}`,
    // Nothing but processes of this user (and root) can reach the socket folder, so a password would guard
    // nothing.
    '--auth=trust',
    '--encoding=UTF8',
    // The same order of text on every machine, whatever locales it has.
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--locale=C',
  ];
  const child = spawn(words[0]!, words.slice(1), {
    cwd: dirname(folder),
    env: postgresEnvironment(binaries),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const collect = (chunk: Buffer) => {
    output = (output + chunk.toString('utf8')).slice(-4096);
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code === 0) return;
  await rm(folder, { recursive: true, force: true });
  const full = output.includes('No space left on device')
    ? ' The disk is full: free some space and start again.'
    : '';
  throw new Error(
    `Postgres could not make its database in ${dirname(folder)}.${full}\n${lastLines(output, 6)}`,
  );
}

function lastLines(text: string, count: number): string {
  return text.trimEnd().split('\n').slice(-count).join('\n');
}
