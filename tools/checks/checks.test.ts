import { expect, test } from 'vitest';
import { checkCoverage } from './check-coverage.ts';
import { checkImports } from './check-imports.ts';
import { checkNames } from './forbidden-names.ts';
import { checkRegistryHosts } from './registry-hosts.ts';
import { checkSizes } from './size-limits.ts';
import { wrapComments } from './wrap-comments.ts';

const file = (path: string, text: string) => ({ path, text });

test('imports against the arrows are named with file, line and reason', () => {
  const breaches: readonly (readonly [string, string, RegExp])[] = [
    ['packages/grammar/src/a.ts', "import { x } from '@sparkler/api';", /may import no other package/],
    ['packages/sdk/src/a.ts', "\nexport * from '@sparkler/engine';", /a\.ts:2 .*process of its own/],
    ['packages/api/src/a.ts', "import '../../grammar/src/index.ts';", /by its name/],
    ['packages/api/src/a.ts', "import x from '../../../tests/x.ts';", /nothing of tests/],
    [
      'packages/server/src/resources/a.ts',
      "import { x } from '../launch/y.ts';",
      /resources may not import launch/,
    ],
    [
      'packages/server/src/store/a.ts',
      "const x = await import('../http/y.ts');",
      /store may not import http/,
    ],
    ['packages/engine/src/core/deep/a.ts', "export { x } from '../../http/y.ts';", /token ids only/],
    ['packages/server/src/reconcile/models/plan.ts', "import { x } from './y.ts';", /imports only types/],
    ['packages/server/src/reconcile/models/plan.ts', "import { x } from 'node:fs';", /imports only types/],
    ['tests/a.test.ts', "import x from '../../shared/x.ts';", /outside the repository/],
    ['packages/unknown/src/a.ts', "import { x } from '@sparkler/api';", /add the package unknown/],
  ];
  for (const [path, text, problem] of breaches) {
    expect(checkImports([file(path, text)]), text).toEqual([expect.stringMatching(problem)]);
  }
});

test('imports along the arrows, of contracts and from tests pass', () => {
  const fine: readonly (readonly [string, string])[] = [
    ['packages/engine/src/a.ts', "import { x } from '@sparkler/llama';"],
    ['packages/server/src/http/a.ts', "import { x } from '../resources/y.ts';"],
    ['packages/server/src/store/a.ts', "import type { X } from '../http/y.ts';"],
    ['packages/server/src/store/a.ts', "import { type X } from '../http/y.ts';"],
    ['packages/engine/src/core/a.test.ts', "import { x } from '../runners/y.ts';"],
    ['packages/server/src/reconcile/models/plan.ts', "import type { X } from '../../store/y.ts';"],
    ['tests/e2e/a.test.ts', "import { start } from '@sparkler/server';"],
    ['bench/a.ts', "import { x } from '../packages/engine/src/y.ts';"],
  ];
  for (const [path, text] of fine) expect(checkImports([file(path, text)]), text).toEqual([]);
});

test('sizes beyond the limits are found, and allowances may only shrink', () => {
  const long = file('a.ts', `const a = 1;\n${'a;\n'.repeat(400)}`);
  expect(checkSizes([long], {})).toEqual(['a.ts: lines 401, limit 400']);
  expect(checkSizes([long], { 'a.ts': { fileLines: 401 } })).toEqual([]);
  expect(checkSizes([long], { 'a.ts': { fileLines: 500 } })[0]).toMatch(/lower its allowance to 401/);
  expect(checkSizes([file('a.ts', 'a;')], { 'a.ts': { fileLines: 500 } })[0]).toMatch(/take it off/);
  expect(checkSizes([], { 'a.ts': { fileLines: 401 } })[0]).toMatch(/is gone/);
  const big = `function f() {\n${'  g();\n'.repeat(70)}}\n`;
  expect(checkSizes([file('b.ts', `// two\n${big}`)], {})).toEqual([
    'b.ts:2: lines of a function 72, limit 70',
  ]);
  const grouped = `describe('x', () => {\n${'  g();\n'.repeat(70)}});\n`;
  expect(checkSizes([file('b.test.ts', grouped)], {})).toEqual([]);
  expect(checkSizes([file('b.ts', grouped)], {})).toHaveLength(1);
});

test('a line may be long only where a text crosses the limit', () => {
  const call = `f(${'a, '.repeat(40)})`;
  expect(checkSizes([file('c.ts', `\n${call}\n`)], {})).toEqual(['c.ts:2: columns 123, limit 110']);
  expect(checkSizes([file('c.ts', `\nf('${'a'.repeat(115)}');\n`)], {})).toEqual([]);
  expect(checkSizes([file('c.ts', `f('${'a'.repeat(140)}');\n`)], {})).toHaveLength(1);
  expect(checkSizes([file('c.ts', `// ${'a'.repeat(115)}\n`)], {})).toHaveLength(1);
});

test('vague places, abbreviations and leftovers are found', () => {
  expect(checkNames([file('packages/api/src/utils/a.ts', '')])).toHaveLength(1);
  expect(checkNames([file('packages/api/src/helpers.ts', '')])).toHaveLength(1);
  expect(checkNames([file('packages/api/src/myFile.ts', '')])).toHaveLength(1);
  const text =
    'function f({ a: [req] }, ...opts) {}\nconst g = (msg = 1) => msg;\nlet { cfg } = x; // TO' + 'DO';
  expect(checkNames([file('a.ts', text)])).toHaveLength(5);
  expect(checkNames([file('a.ts', 'const { req: request } = x; x.res = y.opts;')])).toEqual([]);
});

test('package registries are found in any text', () => {
  expect(checkRegistryHosts('a.json', `{}\n"https://registry.npm${''}js.org/x"`)).toEqual([
    expect.stringMatching(/^a\.json:2 names/),
  ]);
  expect(checkRegistryHosts('a.md', 'npm install; see nodejs.org and huggingface.co')).toEqual([]);
});

test('comments are wrapped word by word, and only comments', () => {
  const word = 'word '.repeat(30).trim();
  const wrapped = wrapComments(`  /** ${word} */\n  // ${word}\n  // next words\n  call('${word}');\n`);
  const lines = wrapped.split('\n');
  expect(lines.filter((line) => line.length > 110)).toEqual([`  call('${word}');`]);
  expect(lines[0]).toBe('  /**');
  expect(wrapped.match(/\bword\b/g)).toHaveLength(90);
  expect(wrapped).toContain(' word next words\n');
  expect(wrapComments(wrapped)).toBe(wrapped);
});

test('a wrapped list item does not run into the next', () => {
  const wrapped = wrapComments(`// - ${'word '.repeat(30).trim()}\n// - second\n`);
  expect(wrapped).toMatch(/\n\/\/ {3}word.*\n\/\/ - second\n/);
});

test('coverage rows need a capability, a command or "not yet", and a place in the specification', () => {
  const head = '| capability | shown by | specified in |\n| --- | --- | --- |\n';
  const check = (row: string) => checkCoverage(head + row, (path) => path === 'packages/a');
  expect(check('| chat | `npx vitest run packages/a` | Chat API |')).toEqual([]);
  expect(check('| audio | not yet | Audio API |')).toEqual([]);
  expect(check('| a | `npx vitest run packages/b` | A |')).toEqual([
    'docs/coverage.md:3: packages/b is not there',
  ]);
  expect(check('| a | it works | A |')).toHaveLength(1);
  expect(check('| a | not yet |')).toHaveLength(1);
  expect(check('')).toHaveLength(1);
});
