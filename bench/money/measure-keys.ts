import { randomBytes } from 'node:crypto';
import { hashKey, makeKey } from '../../packages/server/src/store/key-hash.ts';
import { type BenchRow, makeRow } from '../bench-row.ts';
import { median } from '../median.ts';

/**
 * Time to refuse a wrong key that shares nothing with a real one, against one that differs in its last
 * character only: the directory hashes whatever comes and looks the hash up, so they are the same.
 */
export function measureKeys(quick: boolean): BenchRow {
  const salt = randomBytes(32);
  const real = Array.from({ length: 10_000 }, () => makeKey().key);
  const keys = new Set(real.map((key) => hashKey(salt, key).toString('base64')));
  const near = real.map((key) => key.slice(0, -1) + (key.endsWith('A') ? 'B' : 'A'));
  const far = real.map(() => `zz_${randomBytes(24).toString('base64url')}`);
  const measure = (wrong: readonly string[]): number => {
    const startMs = performance.now();
    let found = 0;
    for (const key of wrong) if (keys.has(hashKey(salt, key).toString('base64'))) found += 1;
    if (found > 0) throw new Error('a wrong key was found');
    return ((performance.now() - startMs) * 1000) / wrong.length;
  };
  // The first rounds compile what the others run.
  for (const wrong of [near, far, near, far]) measure(wrong);
  const [ours, anchor]: [number[], number[]] = [[], []];
  for (let round = 0; round < (quick ? 4 : 40); round += 1) {
    ours.push(measure(round % 2 === 0 ? near : near.toReversed()));
    anchor.push(measure(round % 2 === 0 ? far : far.toReversed()));
  }
  return makeRow({
    metric: 'refusal of a key that is wrong in its last character',
    unit: 'us',
    ours: median(ours),
    anchor: median(anchor),
    anchorName: 'of one that is wrong in all',
    goal: '<= 1.05',
  });
}
