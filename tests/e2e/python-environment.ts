import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Sets of clients. Pinned: a test that changes when somebody else releases is no test. */
const environments = {
  /** OpenAI's client, and Fireworks' own in the series that the guides show. */
  current: ['openai==3.54.0', 'fireworks-ai==0.19.20'],
  /** The client before its first stable release, which the guides still show. */
  'openai-0': ['openai==0.28.1'],
  langchain: ['langchain-fireworks==1.7.1', 'fireworks-ai==1.2.28', 'openai==3.54.0'],
  /** What bench/gateway compares against. */
  litellm: ['litellm[proxy]==1.100.5'],
} as const;

/**
 * A Python with stock clients, made once and kept in the cache folder. Rejects when there is no Python 3
 * with venv, or the packages can't be had; the message is the reason to skip with.
 */
export async function openPythonEnvironment(name: keyof typeof environments = 'current'): Promise<string> {
  const packages = environments[name];
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
