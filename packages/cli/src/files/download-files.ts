import { createWriteStream } from 'node:fs';
import { mkdir, rename, stat } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ConnectionError, createApiError } from '@sparkler/sdk';
import { startProgressBar } from '../output/progress-bar.ts';
import type { Session } from '../session.ts';

/** Fetches files from signed URLs into a folder; a file that broke off goes on where it stopped. */
export async function downloadFiles(
  session: Session,
  urls: Readonly<Record<string, string>>,
  folder: string,
): Promise<void> {
  for (const [name, url] of Object.entries(urls)) {
    const target = join(folder, normalize(name));
    if (!target.startsWith(join(folder, '/')) && target !== join(folder, name)) {
      throw new ConnectionError(`the server names a file outside the folder: ${name}`);
    }
    await mkdir(dirname(target), { recursive: true });
    await downloadFile(session, name, url, target);
  }
}

async function downloadFile(session: Session, name: string, url: string, target: string): Promise<void> {
  const partial = `${target}.partial`;
  const from = await stat(partial).then(
    (info) => info.size,
    () => 0,
  );
  const response = await fetch(url, {
    headers: from > 0 ? { range: `bytes=${from}-` } : {},
    signal: session.signal,
  });
  if (!response.ok && response.status !== 416) {
    throw createApiError(response.status, await response.text(), response.headers);
  }
  const isContinued = response.status === 206;
  if (response.status !== 416 && response.body !== null) {
    const start = isContinued ? from : 0;
    const total = start + Number(response.headers.get('content-length') ?? 0);
    const bar = startProgressBar(session.streams, { label: name, total, isQuiet: session.flags.quiet });
    let done = start;
    const body = Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]);
    body.on('data', (chunk: Uint8Array) => {
      done += chunk.length;
      bar.update(done);
    });
    await pipeline(body, createWriteStream(partial, { flags: isContinued ? 'a' : 'w' }));
    bar.end();
  }
  await rename(partial, target);
}
