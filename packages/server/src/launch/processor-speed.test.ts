import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openProcessorSpeed } from './processor-speed.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sparkler-speed-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it('is kept for its processor alone', async () => {
  const first = openProcessorSpeed(join(folder, 'jobs'), 'EPYC');
  expect(await first.read()).toBeNull();
  await first.write(130e9);
  expect(await first.read()).toBe(130e9);
  const other = openProcessorSpeed(join(folder, 'jobs'), 'Xeon');
  expect(await other.read()).toBeNull();
  await other.write(60e9);
  expect([await first.read(), await other.read()]).toEqual([130e9, 60e9]);
});

it('is measured again when the file cannot be read', async () => {
  for (const text of ['{"EPYC":', 'null', '{"EPYC":"fast"}', '{"EPYC":0}']) {
    await writeFile(join(folder, 'processor-speed.json'), text);
    expect(await openProcessorSpeed(folder, 'EPYC').read()).toBeNull();
  }
  await openProcessorSpeed(folder, 'EPYC').write(1e9);
  expect(await openProcessorSpeed(folder, 'EPYC').read()).toBe(1e9);
});
