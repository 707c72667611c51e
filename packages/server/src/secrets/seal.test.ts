import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openKeyCommand, openKeyFile } from '../blobs/key-file.ts';
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

it('takes the key from a command as from a file, and says what is wrong with one', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sparkler-seal-'));
  const path = join(folder, 'key');
  const sealed = await createSealer(await openKeyFile(path)).sealSecret('open sesame', 'a');
  const service = createSealer(await openKeyCommand(`cat '${path}'`));
  expect(await service.openSecret(sealed, 'a')).toBe('open sesame');
  const other = createSealer(await openKeyCommand('head -c 32 /dev/zero | base64'));
  await expect(other.openSecret(sealed, 'a')).rejects.toThrow(
    'The key of SPARKLER_KEY_COMMAND is not the one that a was encrypted with',
  );
  await expect(openKeyCommand('echo short')).rejects.toThrow('does not hold 32 bytes');
  await expect(openKeyCommand('echo sealed off >&2; exit 3')).rejects.toThrow(
    /SPARKLER_KEY_COMMAND failed.*sealed off/,
  );
  await writeFile(path, 'short');
  await expect(openKeyFile(path)).rejects.toThrow(
    `The key file ${path} does not hold 32 bytes in base64. Restore`,
  );
  await rm(folder, { recursive: true });
});
