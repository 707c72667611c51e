import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('./anchors', import.meta.url));

/**
 * Installs what benchmarks and differential tests compare against, unless it is there. Apart from the
 * product's own packages: an anchor may pull in hundreds of megabytes of builds that nobody here uses, hence
 * --omit=optional. Throws with npm's own words.
 */
export function installAnchors(): void {
  if (existsSync(`${folder}/node_modules/.package-lock.json`)) return;
  const npm = spawnSync('npm', ['ci', '--omit=optional', '--no-audit', '--no-fund'], {
    cwd: folder,
    encoding: 'utf8',
    // `npm run --silent bench` hands its silence on, and npm would not say why it failed.
    env: { ...process.env, npm_config_loglevel: 'error' },
  });
  if (npm.status === 0) return;
  throw new Error(`The anchors could not be installed in ${folder}:\n${npm.stderr || npm.error?.message}`);
}
