import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { downloadFile } from './download-file.ts';
import { SourceError } from './model-unavailable-error.ts';
import { openHttpContent } from './sources/http-content.ts';
import { answerWithRange, makeBytes, makeFolder, serve, sha256 } from './testing-files.ts';

const content = makeBytes(300_000);

function describeDownload(folder: string, url: string, expected = content) {
  return {
    target: join(folder, 'model.gguf'),
    sizeBytes: expected.length,
    checksum: { algorithm: 'sha256' as const, hex: sha256(expected) },
    source: 'a test server',
    content: {
      kind: 'stream' as const,
      stage: 'downloading' as const,
      open: (fromByte: number, signal: AbortSignal) => openHttpContent(url, {}, fromByte, signal),
    },
  };
}

const ignore = () => undefined;
const signal = new AbortController().signal;

test('a connection that breaks is continued where it broke', async () => {
  const folder = makeFolder();
  const ranges: (string | undefined)[] = [];
  const url = await serve((request, response) => {
    ranges.push(request.headers.range);
    answerWithRange(request, response, content, 120_000);
  });
  await downloadFile(describeDownload(folder, url), ignore, signal);
  expect(readFileSync(join(folder, 'model.gguf'))).toEqual(content);
  // A reset may overtake bytes on their way, so how far each connection came is not known, only that it went
  // on.
  const starts = ranges.slice(1).map((range) => Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1]));
  expect(ranges[0]).toBeUndefined();
  expect(starts.length).toBeGreaterThanOrEqual(2);
  expect(starts).toEqual([...starts].sort((left, right) => left - right));
  expect(starts.at(-1)).toBeGreaterThan(120_000);
  expect(readdirSync(folder)).toEqual(['model.gguf']);
});

test('a part that an earlier process left is continued', async () => {
  const folder = makeFolder();
  const ranges: (string | undefined)[] = [];
  const url = await serve((request, response) => {
    ranges.push(request.headers.range);
    answerWithRange(request, response, content);
  });
  const download = describeDownload(folder, url);
  writeFileSync(
    `${download.target}.${download.checksum.hex.slice(0, 12)}.part`,
    content.subarray(0, 200_000),
  );
  await downloadFile(download, ignore, signal);
  expect(ranges).toEqual(['bytes=200000-']);
  expect(readFileSync(download.target)).toEqual(content);
});

test('a damaged part is thrown away and fetched again from the beginning', async () => {
  const folder = makeFolder();
  const url = await serve((request, response) => answerWithRange(request, response, content));
  const download = describeDownload(folder, url);
  writeFileSync(`${download.target}.${download.checksum.hex.slice(0, 12)}.part`, makeBytes(200_000, 2));
  await downloadFile(download, ignore, signal);
  expect(readFileSync(download.target)).toEqual(content);
});

test('a server without ranges is read from the beginning', async () => {
  const folder = makeFolder();
  const url = await serve((_request, response) => response.end(content));
  const download = describeDownload(folder, url);
  writeFileSync(`${download.target}.${download.checksum.hex.slice(0, 12)}.part`, content.subarray(0, 1000));
  await downloadFile(download, ignore, signal);
  expect(readFileSync(download.target)).toEqual(content);
});

test('content with another checksum never gets its name', async () => {
  const folder = makeFolder();
  const url = await serve((request, response) => answerWithRange(request, response, makeBytes(300_000, 3)));
  const failed = downloadFile(describeDownload(folder, url), ignore, signal);
  await expect(failed).rejects.toThrow(SourceError);
  await expect(failed).rejects.toThrow(/not what was expected \(sha256 [0-9a-f]{64}\)/);
  expect(readdirSync(folder)).toEqual([]);
});

test('a connection that never brings a byte is given up', async () => {
  const folder = makeFolder();
  let connections = 0;
  const url = await serve((request) => {
    connections += 1;
    request.socket.destroy();
  });
  await expect(downloadFile(describeDownload(folder, url), ignore, signal)).rejects.toThrow(SourceError);
  expect(connections).toBeLessThanOrEqual(4);
});

test('a file that the disk cannot hold is refused before its first byte', async () => {
  const folder = makeFolder();
  const url = await serve(() => expect.unreachable());
  const download = { ...describeDownload(folder, url), sizeBytes: 1e15 };
  await expect(downloadFile(download, ignore, signal)).rejects.toThrow(
    /Not enough disk space .* SPARKLER_CACHE/,
  );
});

test('stopping leaves the part for the next time', async () => {
  const folder = makeFolder();
  const stop = new AbortController();
  const url = await serve((_request, response) => {
    response.writeHead(200, { 'content-length': content.length });
    response.write(content.subarray(0, 100_000));
  });
  const download = describeDownload(folder, url);
  const failed = downloadFile(
    download,
    ({ bytesDone }) => bytesDone > 0 && stop.abort(new Error('enough')),
    stop.signal,
  );
  await expect(failed).rejects.toThrow('enough');
  expect(existsSync(download.target)).toBe(false);
  expect(readdirSync(folder)).toEqual([`model.gguf.${download.checksum.hex.slice(0, 12)}.part`]);
});

test('progress rises to the total', async () => {
  const folder = makeFolder();
  const seen: number[] = [];
  const url = await serve((request, response) => answerWithRange(request, response, content));
  await downloadFile(describeDownload(folder, url), ({ bytesDone }) => seen.push(bytesDone), signal);
  expect(seen).toEqual([...seen].sort((left, right) => left - right));
  expect(seen.at(-1)).toBe(content.length);
});
