/**
 * `node tools/format.ts [path …]`: formats and fixes the given files or folders (all by default), comments
 * too.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSourceFiles, repositoryRoot } from './checks/source-files.ts';
import { wrapComments } from './checks/wrap-comments.ts';

const places = process.argv.slice(2).map((path) => path.replace(/^\.\/|\/$/g, ''));
const isWanted = (path: string) =>
  places.length === 0 || places.some((place) => path === place || path.startsWith(`${place}/`));

for (const { path, text } of readSourceFiles().filter((file) => isWanted(file.path))) {
  const wrapped = wrapComments(text);
  if (wrapped !== text) writeFileSync(join(repositoryRoot, path), wrapped);
}
const biome = join(repositoryRoot, 'node_modules/.bin/biome');
const targets = places.length > 0 ? places : ['.'];
process.exitCode =
  spawnSync(biome, ['check', '--write', ...targets], { cwd: repositoryRoot, stdio: 'inherit' }).status ?? 1;
