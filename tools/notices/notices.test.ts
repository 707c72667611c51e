import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { repositoryRoot } from '../checks/source-files.ts';
import type { Lockfile } from '../lockfile/missing-optional.ts';
import { describePackages, findStrangeLicences, formatNotices } from './describe-packages.ts';

const read = (path: string) => readFileSync(join(repositoryRoot, path), 'utf8');
const notices = describePackages(JSON.parse(read('package-lock.json')) as Lockfile);

test('every licence is one that was agreed to', () => {
  expect(findStrangeLicences(notices)).toEqual([]);
});

test('THIRD_PARTY_NOTICES.md is what "node tools/notices.ts" writes', () => {
  expect(read('THIRD_PARTY_NOTICES.md')).toBe(formatNotices(notices));
});
