import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readPieces } from './read-pieces.ts';
import { hasOpenFile } from './testing.ts';

const size = 10_007;
const content = randomBytes(size);
const whole = { fromByte: 0, toByte: Number.MAX_SAFE_INTEGER };
let folder: string;
let path: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sparkler-read-'));
  path = join(folder, 'file');
  await writeFile(path, content);
  await mkdir(join(folder, 'sub'));
  // Some file systems give a folder the size of the names in it.
  await writeFile(join(folder, 'sub', 'x'.repeat(200)), '');
});
afterAll(() => rm(folder, { recursive: true }));

test('pieces come in order, as large as was asked, and no more than there is', async () => {
  const place = fc.nat(size + 100);
  await fc.assert(
    fc.asyncProperty(
      place,
      place,
      fc.integer({ min: 100, max: size + 10 }),
      async (one, other, pieceBytes) => {
        const [fromByte, toByte] = [Math.min(one, other), Math.max(one, other)];
        const pieces: Buffer[] = [];
        for await (const piece of readPieces(path, { fromByte, toByte }, pieceBytes)) pieces.push(piece);
        expect(Buffer.concat(pieces).equals(content.subarray(fromByte, toByte + 1))).toBe(true);
        expect(pieces.slice(0, -1).every((piece) => piece.length === pieceBytes)).toBe(true);
      },
    ),
    { numRuns: 100 },
  );
});

test('a reading that is left early, and one that fails, leave nothing open', async (context) => {
  if (process.platform !== 'linux') return context.skip('only Linux tells which files are open');
  for await (const piece of readPieces(path, whole, 100)) {
    expect(piece.equals(content.subarray(0, 100))).toBe(true);
    expect(await hasOpenFile(folder)).toBe(true);
    break;
  }
  expect(await hasOpenFile(folder)).toBe(false);
  // A folder can be opened; each of the reads under way fails.
  const failing = readPieces(join(folder, 'sub'), whole, 100).next();
  await expect(failing).rejects.toMatchObject({ code: 'EISDIR' });
  expect(await hasOpenFile(folder)).toBe(false);
});
