import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { buildCliContract } from './write-contract.ts';
import { buildSdk } from './write-sdk.ts';

const folder = fileURLToPath(new URL('../../packages/sdk/src/generated', import.meta.url));

test('the generated SDK is that of the contract; npm run generate writes it', () => {
  const expected = buildSdk();
  expect(readdirSync(folder).sort()).toEqual([...expected.keys()].sort());
  for (const [name, text] of expected) expect(readFileSync(join(folder, name), 'utf8'), name).toBe(text);
});

test('the contract that firectl reads is that of packages/api', () => {
  const path = fileURLToPath(new URL('../../packages/cli/src/generated/contract.json', import.meta.url));
  expect(readFileSync(path, 'utf8')).toBe(buildCliContract());
});
