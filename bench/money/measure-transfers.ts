import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { BlobStore } from '../../packages/server/src/blobs/blob-store.ts';
import { mountBlobs } from '../../packages/server/src/blobs/mount-blobs.ts';
import { signUrl } from '../../packages/server/src/blobs/signed-urls.ts';
import { createApp } from '../../packages/server/src/http/app.ts';
import { createTestbed } from '../../packages/server/src/inference/testbed/testbed.ts';

const secret = randomBytes(32);
const key = 'models/acme/m/sent';
const curl = promisify(execFile);

/** A store behind the server's own routes, with curl in a process of its own as the client. */
export interface Transfers {
  /** MiB/s of one upload, and of one download. */
  upload(): Promise<number>;
  download(): Promise<number>;
  close(): Promise<void>;
}

export async function openTransfers(blobs: BlobStore, folder: string, sizeMiB: number): Promise<Transfers> {
  const app = createApp(createTestbed().context);
  mountBlobs(app, { blobs, secret, now: Date.now, isOpen: async () => true });
  const baseUrl = await app.listen({ port: 0, host: '127.0.0.1' });
  const file = join(folder, 'to-send');
  await writeFile(file, randomBytes(sizeMiB * 1024 * 1024));
  const time = async (method: 'GET' | 'PUT', flags: readonly string[]) => {
    const sizeBytes = method === 'PUT' ? sizeMiB * 1024 * 1024 : null;
    const url = signUrl(secret, baseUrl, { method, key, expireTimeMs: Date.now() + 600_000, sizeBytes });
    const shown = ['-w', '%{http_code} %{time_total}', '-o', '/dev/null'];
    const { stdout } = await curl('curl', ['-sS', ...shown, '-H', 'expect:', ...flags, url]);
    const [status, seconds] = stdout.split(' ').map(Number);
    if (status !== 200) throw new Error(`${method} of ${sizeMiB} MiB was answered ${status}`);
    return sizeMiB / (seconds ?? 0);
  };
  return {
    upload: () => time('PUT', ['-T', file]),
    download: () => time('GET', []),
    close: () => app.close(),
  };
}
