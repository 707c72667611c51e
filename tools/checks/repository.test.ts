import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkCoverage } from './check-coverage.ts';
import { checkImports } from './check-imports.ts';
import { checkNames } from './forbidden-names.ts';
import { checkRegistryHosts } from './registry-hosts.ts';
import { runProgram } from './run-program.ts';
import allowList from './size-allow-list.json' with { type: 'json' };
import { checkSizes } from './size-limits.ts';
import { listFiles, readSourceFiles, repositoryRoot } from './source-files.ts';

/** On two busy cores the type check takes half a minute. */
const slow = { timeout: 300_000 };
const textFiles =
  /\.(ts|tsx|mjs|js|json|md|sql|sh|html|css|toml|ya?ml|py|txt)$|^\.[^/]+$|^\.ci\/|(^|\/)[A-Z]+$/;

test('the types fit', slow, async () => {
  expect(await runProgram('node_modules/typescript/lib/tsc.js', ['-p', '.', '--noEmit'])).toEqual({
    exitCode: 0,
    output: '',
  });
});

test('the linter and the formatter have nothing to say', slow, async () => {
  const { exitCode, output } = await runProgram('node_modules/@biomejs/biome/bin/biome', [
    'ci',
    '--error-on-warnings',
    '--colors=off',
    '.',
  ]);
  expect(exitCode, output).toBe(0);
});

test('nothing is exported, depended on or lying there without use', slow, async () => {
  const { exitCode, output } = await runProgram('node_modules/knip/bin/knip.js', ['--no-progress']);
  expect(exitCode, output).toBe(0);
});

test('imports go one way', () => {
  expect(checkImports(readSourceFiles())).toEqual([]);
});

test('files, functions and lines keep to their sizes', () => {
  expect(checkSizes(readSourceFiles(), allowList)).toEqual([]);
});

test('names say what they name, and nothing is left unfinished', () => {
  expect(checkNames(readSourceFiles())).toEqual([]);
});

test('no package registry is named', () => {
  const problems = listFiles()
    .filter((path) => textFiles.test(path) && path !== 'THIRD_PARTY_NOTICES.md')
    .flatMap((path) => checkRegistryHosts(path, readFileSync(join(repositoryRoot, path), 'utf8')));
  expect(problems).toEqual([]);
});

test('every row of the coverage table names what shows it', () => {
  const markdown = readFileSync(join(repositoryRoot, 'docs/coverage.md'), 'utf8');
  expect(checkCoverage(markdown, (path) => existsSync(join(repositoryRoot, path)))).toEqual([]);
});
