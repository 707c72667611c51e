import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeFolder } from '../testing-files.ts';
import { listZip, readZipMember } from './zip-member.ts';

/** Python's zipfile writes the archives, as it writes wheels. */
const writeZip = `
import sys, zipfile
path, content = sys.argv[1], bytes(range(256)) * 4000
with zipfile.ZipFile(path, 'w') as z:
    z.writestr('pkg/stored.bin', content, zipfile.ZIP_STORED)
    z.writestr('pkg/deflated.bin', content, zipfile.ZIP_DEFLATED)
    z.writestr('pkg/empty.bin', b'')
    z.writestr('pkg/bzip.bin', content, zipfile.ZIP_BZIP2)
    with z.open('pkg/zip64.bin', 'w', force_zip64=True) as f:
        f.write(content)
    z.comment = b'PK not a header'
`;
const content = Buffer.alloc(256 * 4000, Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)));

function makeZip(): string {
  const path = join(makeFolder(), 'a.zip');
  execFileSync('python3', ['-c', writeZip, path]);
  return path;
}

async function readAll(path: string, name: string): Promise<Buffer> {
  const member = (await listZip(path)).find((candidate) => candidate.path === name);
  if (!member) throw new Error(`no ${name}`);
  const chunks: Uint8Array[] = [];
  for await (const chunk of readZipMember(path, member)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

test('stored, deflated, empty and zip64 members come out as they went in', async () => {
  const zip = makeZip();
  for (const name of ['stored', 'deflated', 'zip64']) {
    expect((await readAll(zip, `pkg/${name}.bin`)).equals(content), name).toBe(true);
  }
  expect(await readAll(zip, 'pkg/empty.bin')).toHaveLength(0);
});

test('other compressions are refused by number', async () => {
  await expect(readAll(makeZip(), 'pkg/bzip.bin')).rejects.toThrow(/pkg\/bzip.bin .* \(12\)/);
});

test('a changed byte is noticed', async () => {
  const zip = makeZip();
  const bytes = readFileSync(zip);
  bytes[500_000] = (bytes[500_000] ?? 0) ^ 1;
  writeFileSync(zip, bytes);
  await expect(readAll(zip, 'pkg/stored.bin')).rejects.toThrow('pkg/stored.bin is damaged');
});

test('a cut-off archive and a file of another kind are refused', async () => {
  const zip = makeZip();
  writeFileSync(zip, readFileSync(zip).subarray(0, 100_000));
  await expect(listZip(zip)).rejects.toThrow('not a whole zip archive');
  writeFileSync(zip, '');
  await expect(listZip(zip)).rejects.toThrow('not a whole zip archive');
});
