import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openKeyFile } from '../blobs/key-file.ts';
import { createSealer } from './seal.ts';

it('opens what was sealed, there only, under its key only, unchanged only, from start to start', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sparkler-seal-'));
  const path = join(folder, 'secret-key');
  const openSealer = async (file: string) => createSealer(await openKeyFile(file));
  const sealer = await openSealer(path);
  const sealed = await sealer.sealSecret('open sesame', 'a');
  expect(Buffer.from(sealed, 'base64').toString()).not.toContain('sesame');
  expect(await sealer.sealSecret('open sesame', 'a')).not.toBe(sealed);
  expect(await (await openSealer(path)).openSecret(sealed, 'a')).toBe('open sesame');
  await expect(sealer.openSecret(sealed, 'b')).rejects.toThrow();
  await expect((await openSealer(join(folder, 'other'))).openSecret(sealed, 'a')).rejects.toThrow();
  await expect(sealer.openSecret(`A${sealed.slice(1)}`, 'a')).rejects.toThrow();
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  await rm(folder, { recursive: true });
});
