import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Makes the Python trainer's environment from its lock file: `node packages/trainer/src/install-python.ts
 * <folder>`. Every package is checked against its checksum.
 */
const [folder] = process.argv.slice(2);
if (folder === undefined) fail('Usage: node packages/trainer/src/install-python.ts <folder>\n', 2);
if (spawnSync('uv', ['--version']).status !== 0) {
  fail(
    'uv is not on the path. Install it (https://docs.astral.sh/uv, or `pip install uv`) and try again.\n',
    1,
  );
}
const lock = fileURLToPath(new URL('../python/requirements.lock', import.meta.url));
const python = join(folder, 'bin', 'python');
run('venv', '--python', '>=3.11', folder);
run('pip', 'sync', '--python', python, '--require-hashes', lock);
process.stdout.write(
  `Ready. Start the server with SPARKLER_TRAINER=python SPARKLER_TRAINER_PYTHON=${python}\n`,
);

function run(...args: string[]): void {
  const { status } = spawnSync('uv', args, { stdio: 'inherit' });
  if (status !== 0) fail(`uv ${args[0]} ended with ${status}: see above\n`, 1);
}

function fail(message: string, code: number): never {
  process.stderr.write(message);
  process.exit(code);
}
