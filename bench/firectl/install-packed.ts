import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packPackages } from '../../tools/generate-sdk/pack.ts';

/** SDK and firectl as users have them: JavaScript from the tarballs, in a project of its own. */
export interface Installed {
  readonly firectl: string;
  /** `node <worker> upload|download <url> <path>`: one transfer through the SDK, a process as curl is. */
  readonly worker: string;
  remove(): Promise<void>;
}

const worker = `
import { basename, dirname } from 'node:path';
import { downloadFiles, uploadFiles } from '@sparkler/sdk/node';
const [direction, url, path] = process.argv.slice(2);
const name = basename(path);
if (direction === 'upload') await uploadFiles({ [name]: url }, [{ name, path }]);
else await downloadFiles({ [name]: url }, dirname(path));
`;

export async function installPacked(): Promise<Installed> {
  const folder = await mkdtemp(join(tmpdir(), 'sparkler-packed-'));
  const { sdk, cli } = await packPackages(folder);
  await writeFile(join(folder, 'package.json'), '{"private":true,"type":"module"}');
  const install = ['install', '--offline', '--no-audit', '--no-fund', '--ignore-scripts', sdk, cli];
  execFileSync('npm', install, { cwd: folder, stdio: 'ignore' });
  await writeFile(join(folder, 'worker.js'), worker);
  return {
    firectl: join(folder, 'node_modules/@sparkler/cli/bin/firectl.js'),
    worker: join(folder, 'worker.js'),
    remove: () => rm(folder, { recursive: true }),
  };
}
