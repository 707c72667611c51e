import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSafetensors, writeSafetensors } from './safetensors.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sparkler-safetensors-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('safetensors files', () => {
  it('come back as they were written', async () => {
    const path = join(folder, 'a');
    const tensors = fc.array(fc.float32Array({ noNaN: true }), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(tensors, async (all) => {
        const named = all.map((values, i) => ({ name: `t${i}`, shape: [values.length], values }));
        await writeSafetensors(path, named);
        expect([...(await readSafetensors(path)).values()]).toEqual(named);
      }),
      { numRuns: 30 },
    );
  });

  it('are refused with a reason when cut or made up', async () => {
    const path = join(folder, 'b');
    await writeSafetensors(path, [{ name: 't', shape: [100], values: new Float32Array(100) }]);
    await truncate(path, 300);
    await expect(readSafetensors(path)).rejects.toThrow('t does not fit');
    await writeFile(path, Buffer.alloc(4));
    await expect(readSafetensors(path)).rejects.toThrow('too short');
    await writeFile(path, Buffer.alloc(64, 0xff));
    await expect(readSafetensors(path)).rejects.toThrow('header');
  });
});
