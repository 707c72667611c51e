import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createSealer, openSealer } from './seal.ts';

it('opens what was sealed, there only, under its key only, unchanged only', () => {
  const sealer = createSealer(randomBytes(32));
  fc.assert(
    fc.property(fc.string(), fc.string(), (secret, place) => {
      const sealed = sealer.sealSecret(secret, place);
      expect(sealer.openSecret(sealed, place)).toBe(secret);
      expect(() => sealer.openSecret(sealed, `${place}x`)).toThrow('another place');
    }),
  );
  const sealed = sealer.sealSecret('open sesame', 'a');
  expect(sealed).not.toContain('sesame');
  expect(sealer.sealSecret('open sesame', 'a')).not.toBe(sealed);
  expect(() => createSealer(randomBytes(32)).openSecret(sealed, 'a')).toThrow('another key');
  const [version, nonce, text, tag] = sealed.split('.');
  expect(() => sealer.openSecret([version, nonce, `A${text}`, tag].join('.'), 'a')).toThrow('another');
  expect(() => sealer.openSecret('open sesame', 'a')).toThrow('not a sealed secret');
});

it('keeps its key in a file of its own, from start to start', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sparkler-seal-'));
  const sealed = (await openSealer(folder)).sealSecret('x', 'a');
  expect((await openSealer(folder)).openSecret(sealed, 'a')).toBe('x');
  expect((await stat(join(folder, 'secret-key'))).mode & 0o777).toBe(0o600);
  await rm(folder, { recursive: true });
});
