import { Readable } from 'node:stream';
import type { Pool } from 'undici';
import type { BenchRow } from '../bench-row.ts';

/** A server and how much memory it holds. */
export interface FileTarget {
  readonly http: Pool;
  call(method: 'GET' | 'POST', path: string, body?: object): Promise<unknown>;
  /** The most memory that it held since the last call, in bytes. */
  takePeak(): Promise<number>;
}

const MB = 1024 * 1024;
const account = '/v1/accounts/huge';

/**
 * Memory is what an upload must not cost: a file of a gigabyte, and a dataset of as many lines as there may
 * be.
 */
export async function measureFiles(
  target: FileTarget,
  quick: boolean,
  tell: (text: string) => void,
): Promise<BenchRow[]> {
  const bytes = (quick ? 64 : 1024) * MB;
  tell(`uploading ${bytes / MB} MB`);
  const weights = await measureUpload(target, 'models', 'weights.bin', bytes, zeros(bytes));
  const lines = quick ? 30_000 : 3_000_000;
  tell(`checking ${lines} lines`);
  const [line, size] = [Buffer.from(example), lines * example.length];
  const dataset = await measureUpload(target, 'datasets', 'train.jsonl', size, repeat(line, lines));
  const before = await target.takePeak();
  const startMs = performance.now();
  await target.call('POST', `${account}/datasets/measured:validateUpload`, {});
  const seconds = (performance.now() - startMs) / 1000;
  const checking = (await target.takePeak()) - before;
  return [
    row(`memory that an upload of ${bytes / MB} MB adds`, 'MB', weights.addedBytes / MB, '< 128 MB', 128),
    row(`memory that an upload of ${lines} lines adds`, 'MB', dataset.addedBytes / MB, '< 128 MB', 128),
    row(`memory that checking ${lines} lines adds`, 'MB', checking / MB, '< 128 MB', 128),
    row('time to check a million lines', 's', (seconds * 1e6) / lines, '< 60 s', 60),
  ];
}

const example = `${JSON.stringify({
  messages: [
    { role: 'user', content: 'Which sea lies between the two towns?' },
    { role: 'assistant', content: 'None: they share a river.' },
  ],
})}\n`;

function row(metric: string, unit: string, ours: number, goal: string, max: number): BenchRow {
  const nothing = { anchor: null, anchorName: null, ratio: null };
  return { metric, unit, ours: Number(ours.toPrecision(3)), ...nothing, goal, holds: ours < max };
}

async function measureUpload(
  target: FileTarget,
  collection: 'models' | 'datasets',
  file: string,
  bytes: number,
  content: Iterable<Buffer>,
): Promise<{ addedBytes: number }> {
  const path = `${account}/${collection}`;
  const resource =
    collection === 'models' ? { modelId: 'measured', model: {} } : { datasetId: 'measured', dataset: {} };
  await target.call('POST', path, resource);
  const asked = { filenameToSize: { [file]: String(bytes) } };
  const urls = (await target.call('POST', `${path}/measured:getUploadEndpoint`, asked)) as {
    filenameToSignedUrls: Record<string, string>;
  };
  const url = new URL(urls.filenameToSignedUrls[file]!);
  const before = await target.takePeak();
  const reply = await target.http.request({
    method: 'PUT',
    path: url.pathname + url.search,
    headers: { 'content-length': String(bytes) },
    body: Readable.from(content),
  });
  const text = await reply.body.text();
  if (reply.statusCode !== 200) throw new Error(`PUT ${file}: ${reply.statusCode} ${text}`);
  return { addedBytes: (await target.takePeak()) - before };
}

function* zeros(bytes: number): Generator<Buffer> {
  const block = Buffer.alloc(MB);
  for (let at = 0; at < bytes; at += MB) yield block;
}

/** Whole lines, some thousand a block. */
function* repeat(line: Buffer, count: number): Generator<Buffer> {
  const many = Buffer.concat(Array.from({ length: 5_000 }, () => line));
  for (let at = 0; at < count; at += 5_000) yield many.subarray(0, Math.min(5_000, count - at) * line.length);
}
