import { mkdir, open, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { writeTinyCheckpoint } from '../../packages/llama/src/index.ts';
import { Fireworks } from '../../packages/sdk/src/index.ts';
import { type Platform, startPlatform } from '../../tests/e2e/start-platform.ts';
import { type BenchRow, makeRow } from '../bench-row.ts';
import { takeTurns } from '../take-turns.ts';
import type { Installed } from './install-packed.ts';
import { peakReporter } from './report-peak.ts';
import { startChild, timeChild } from './run-child.ts';

const model = 'killed';

export interface TransferOptions {
  readonly bytes: number;
  readonly rounds: number;
  readonly tell: (text: string) => void;
}

/** A live server, a model folder with one big file, and firectl pointed at it. */
interface Scene {
  readonly firectl: string;
  readonly folder: string;
  readonly big: string;
  readonly client: Fireworks;
  readonly env: NodeJS.ProcessEnv;
  readonly bytes: number;
}

/** A model of `bytes` goes up and comes down: killed and gone on with, in how much memory, beside curl. */
export async function measureTransfers(
  { firectl, worker }: Installed,
  { bytes, rounds, tell }: TransferOptions,
): Promise<BenchRow[]> {
  const platform = await startPlatform();
  try {
    const scene = await prepare(platform, firectl, bytes);
    tell('an upload and a download, each killed at half and started again');
    const rows = await killAndGoOn(scene);
    tell(`uploads in turns with curl, ${rounds} rounds`);
    const upload = await takeTurns(
      rounds,
      () => timeUpload(scene, (url) => timeChild(process.execPath, [worker, 'upload', url, scene.big])),
      () => timeUpload(scene, (url) => timeChild('curl', ['-sSf', '-T', scene.big, url])),
    );
    tell(`downloads in turns with curl, ${rounds} rounds`);
    const download = await takeTurns(
      rounds,
      () => timeDownload(scene, (url, path) => timeChild(process.execPath, [worker, 'download', url, path])),
      () => timeDownload(scene, (url, path) => timeChild('curl', ['-sSf', '-o', path, url])),
    );
    return [...rows, makeSpeedRow('upload', upload, bytes), makeSpeedRow('download', download, bytes)];
  } finally {
    await platform.stop();
    await platform.remove();
  }
}

function makeSpeedRow(direction: string, seconds: { ours: number; anchor: number }, bytes: number): BenchRow {
  const [ours, anchor] = [bytes / seconds.ours / 1e6, bytes / seconds.anchor / 1e6];
  return makeRow({
    metric: `${direction} speed`,
    unit: 'MB/s',
    ours,
    anchor,
    anchorName: 'curl',
    goal: '>= 0.7',
  });
}

async function prepare(platform: Platform, firectl: string, bytes: number): Promise<Scene> {
  const folder = join(platform.dataFolder, 'bench');
  await mkdir(folder);
  await writeTinyCheckpoint(join(folder, 'model'));
  const big = join(folder, 'model', 'big.bin');
  const file = await open(big, 'w');
  const block = Buffer.alloc(4 * 1024 * 1024);
  for (let at = 0; at < bytes; at += block.length) {
    for (let i = 0; i < block.length; i += 4) block.writeUInt32LE((at + i) >>> 0, i);
    await file.write(block, 0, Math.min(block.length, bytes - at));
  }
  await file.close();
  const client = new Fireworks({ apiKey: platform.apiKey, baseURL: platform.baseUrl });
  const env = {
    FIREWORKS_API_KEY: platform.apiKey,
    FIREWORKS_API_BASE: platform.baseUrl,
    FIREWORKS_CONFIG_DIR: folder,
    SPARKLER_BENCH_PEAK: join(folder, 'peak'),
  };
  return { firectl, folder, big, client, env, bytes };
}

/** Resumed shares and peak memory of firectl itself. */
async function killAndGoOn(scene: Scene): Promise<BenchRow[]> {
  const { folder, client, env, bytes } = scene;
  const upload = ['create', 'model', model, join(folder, 'model')];
  const findKept = async (): Promise<number> => {
    const asked = { filenameToSize: { 'big.bin': String(bytes) } };
    const urls = await client.models.getUploadEndpoint(model, asked).catch(() => null);
    if (urls === null) return 0;
    const headers = { 'content-range': `bytes */${bytes}` };
    const reply = await fetch(urls.filenameToSignedUrls['big.bin']!, { method: 'PUT', headers });
    return Number(/bytes=0-(\d+)/.exec(reply.headers.get('range') ?? '')?.[1] ?? 0);
  };
  const uploaded = await killAtHalf(scene, upload, findKept);
  const target = join(folder, 'copy');
  const findWritten = () =>
    stat(join(target, 'big.bin.partial')).then(
      ({ size }) => size,
      () => 0,
    );
  const downloaded = await killAtHalf(scene, ['download', 'model', model, target], findWritten);
  await timeChild('cmp', [join(target, 'big.bin'), scene.big], env);
  await rm(target, { recursive: true });
  return [...describeKilled('upload', uploaded), ...describeKilled('download', downloaded)];
}

interface Killed {
  /** 0 to 1: what the second process did not have to send. */
  readonly keptShare: number;
  readonly peakBytes: number;
}

async function killAtHalf(
  { firectl, bytes, env }: Scene,
  args: readonly string[],
  findDone: () => Promise<number>,
): Promise<Killed> {
  const node = ['--import', peakReporter, firectl, ...args];
  const first = startChild(process.execPath, node, env);
  let isOver = false;
  const ended = first.ended.finally(() => {
    isOver = true;
  });
  while (!isOver && (await findDone()) < bytes / 2) await new Promise((resolve) => setTimeout(resolve, 20));
  first.process.kill('SIGKILL');
  await ended;
  const keptShare = (await findDone()) / bytes;
  await timeChild(process.execPath, node, env);
  return { keptShare, peakBytes: Number(await readFile(env.SPARKLER_BENCH_PEAK!, 'utf8')) };
}

function describeKilled(direction: string, { keptShare, peakBytes }: Killed): BenchRow[] {
  const absolute = { anchor: null, anchorName: null, ratio: null };
  const peak = Number((peakBytes / 1e6).toPrecision(4));
  const kept = Number((100 * keptShare).toPrecision(4));
  return [
    {
      metric: `${direction} killed at half: kept`,
      unit: '%',
      ours: kept,
      ...absolute,
      goal: '>= 50 %',
      holds: kept >= 50,
    },
    {
      metric: `${direction}: peak memory`,
      unit: 'MB',
      ours: peak,
      ...absolute,
      goal: '< 150 MB',
      holds: peak < 150,
    },
  ];
}

let uploads = 0;

/** A model of its own each time, gone again afterwards. */
async function timeUpload({ client, bytes }: Scene, send: (url: string) => Promise<number>): Promise<number> {
  const modelId = `timed-${++uploads}`;
  await client.models.create({ modelId, model: { kind: 'HF_BASE_MODEL' } });
  const asked = { filenameToSize: { 'big.bin': String(bytes) } };
  const urls = await client.models.getUploadEndpoint(modelId, asked);
  const seconds = await send(urls.filenameToSignedUrls['big.bin']!);
  await client.models.delete(modelId);
  return seconds;
}

async function timeDownload(
  { client, folder, bytes }: Scene,
  fetchFile: (url: string, path: string) => Promise<number>,
): Promise<number> {
  const urls = await client.models.getDownloadEndpoint(model);
  const path = join(folder, 'fetched');
  const seconds = await fetchFile(urls.filenameToSignedUrls['big.bin']!, path);
  const { size } = await stat(path);
  await rm(path);
  if (size !== bytes) throw new Error(`${size} of ${bytes} bytes came`);
  return seconds;
}
