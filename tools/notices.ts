/** Writes THIRD_PARTY_NOTICES.md from package-lock.json. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Lockfile } from './lockfile/missing-optional.ts';
import { describePackages, formatNotices } from './notices/describe-packages.ts';

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
const lockfile = JSON.parse(read('../package-lock.json')) as Lockfile;
writeFileSync(
  new URL('../THIRD_PARTY_NOTICES.md', import.meta.url),
  formatNotices(describePackages(lockfile)),
);
