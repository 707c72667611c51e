import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { joinFiles } from './join-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'join-files-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
writeFileSync(join(folder, 'b.jsonl'), '{"b":1}\n{"b":2}');
writeFileSync(join(folder, 'a.jsonl'), '{"a":1}\n');

const linesOf = (path: string) => readFileSync(path, 'utf8').split('\n').filter(Boolean);

test('one file is used where it lies', async () => {
  expect(await joinFiles(folder, ['b.jsonl'], join(folder, 'all'))).toBe(join(folder, 'b.jsonl'));
});

test('several become one, line by line, in the order of their names', async () => {
  const path = await joinFiles(folder, ['b.jsonl', 'a.jsonl'], join(folder, 'all'));
  expect(linesOf(path)).toEqual(['{"a":1}', '{"b":1}', '{"b":2}']);
});

test('a file that is there already is not made again, and a half one is', async () => {
  const target = join(folder, 'again');
  writeFileSync(target, 'half');
  await joinFiles(folder, ['a.jsonl', 'b.jsonl'], target);
  expect(linesOf(target)).toHaveLength(3);
  writeFileSync(target, readFileSync(target, 'utf8').replace('{"a":1}', '{"A":1}'));
  await joinFiles(folder, ['a.jsonl', 'b.jsonl'], target);
  expect(linesOf(target)[0]).toBe('{"A":1}');
});
