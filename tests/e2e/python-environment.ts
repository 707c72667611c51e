import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Pinned: a test that changes when somebody else releases is no test. */
const packages = ['openai==3.54.0'];

/**
 * A Python with the stock clients, made once and kept in the cache folder. Rejects when there is no Python 3
 * with venv, or the packages can't be had; the message is the reason to skip with.
 */
export async function openPythonEnvironment(): Promise<string> {
  const cacheFolder = process.env.SPARKLER_CACHE || join(homedir(), '.cache', 'sparkler');
  const folder = join(cacheFolder, 'python-clients', packages.join('_').replaceAll(/[^\w.]+/g, '-'));
  const python = join(folder, 'bin', 'python');
  if (existsSync(python)) return python;
  const building = `${folder}.${process.pid}`;
  await mkdir(join(cacheFolder, 'python-clients'), { recursive: true });
  try {
    await run('python3', ['-m', 'venv', building]);
    await run(join(building, 'bin', 'pip'), [
      'install',
      '--quiet',
      '--disable-pip-version-check',
      ...packages,
    ]);
    // A venv may be moved as long as it is called by its interpreter, not by the scripts beside it.
    await rename(building, folder);
  } catch (error) {
    await rm(building, { recursive: true, force: true });
    if (existsSync(python)) return python;
    throw new Error(`no Python environment with ${packages.join(', ')}: ${(error as Error).message}`, {
      cause: error,
    });
  }
  return python;
}
