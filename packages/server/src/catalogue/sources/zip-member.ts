import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { crc32, createInflateRaw } from 'node:zlib';
import { SourceError } from '../model-unavailable-error.ts';

/** One file inside a zip archive, from its central directory. */
export interface ZipMember {
  readonly path: string;
  readonly sizeBytes: number;
  readonly compressedBytes: number;
  readonly method: number;
  readonly crc: number;
  /** Where its local header begins. */
  readonly offset: number;
}

const stored = 0;
const deflated = 8;
/** An archive comment is at most this long, so the end record begins within this distance of the end. */
const endRecordReachBytes = 22 + 0xffff;

/** Lists the files of a zip archive, zip64 too. Throws SourceError if it isn't a whole zip. */
export async function listZip(path: string): Promise<ZipMember[]> {
  const file = await open(path, 'r');
  try {
    const { directoryOffset, directoryBytes, count } = await readEndRecord(file, path);
    const directory = await readExactly(file, directoryOffset, directoryBytes, path);
    return parseDirectory(directory, count, path);
  } finally {
    await file.close();
  }
}

/** The content of one member, checked against its size and CRC at the end. Memory stays bounded. */
export async function* readZipMember(path: string, member: ZipMember): AsyncGenerator<Uint8Array> {
  if (member.compressedBytes === 0) return;
  if (member.method !== stored && member.method !== deflated) {
    throw new SourceError(
      `${member.path} in ${path} is compressed in a way (${member.method}) that is not read here`,
    );
  }
  const begin = await findContent(path, member);
  const end = begin + member.compressedBytes - 1;
  const raw = createReadStream(path, { start: begin, end: end, highWaterMark: 1 << 18 });
  const content = member.method === stored ? raw : raw.pipe(createInflateRaw({ chunkSize: 1 << 18 }));
  raw.on('error', (error) => content.destroy(error));
  let crc = 0;
  let bytes = 0;
  try {
    for await (const chunk of content as AsyncIterable<Uint8Array>) {
      crc = crc32(chunk, crc);
      bytes += chunk.length;
      yield chunk;
    }
  } finally {
    raw.destroy();
  }
  if (bytes !== member.sizeBytes || crc !== member.crc) throw brokenZip(path, `${member.path} is damaged`);
}

/** The local header repeats name and extra field, with lengths of its own. */
async function findContent(path: string, member: ZipMember): Promise<number> {
  const file = await open(path, 'r');
  try {
    const header = await readExactly(file, member.offset, 30, path);
    if (header.readUInt32LE(0) !== 0x04034b50) throw brokenZip(path, `no header of ${member.path}`);
    return member.offset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
  } finally {
    await file.close();
  }
}

interface EndRecord {
  readonly directoryOffset: number;
  readonly directoryBytes: number;
  readonly count: number;
}

async function readEndRecord(file: FileHandle, path: string): Promise<EndRecord> {
  const { size } = await file.stat();
  const tailBytes = Math.min(size, endRecordReachBytes);
  const tail = await readExactly(file, size - tailBytes, tailBytes, path);
  for (let at = tail.length - 22; at >= 0; at -= 1) {
    if (tail.readUInt32LE(at) !== 0x06054b50) continue;
    const record = {
      count: tail.readUInt16LE(at + 10),
      directoryBytes: tail.readUInt32LE(at + 12),
      directoryOffset: tail.readUInt32LE(at + 16),
    };
    const isZip64 = at >= 20 && tail.readUInt32LE(at - 20) === 0x07064b50;
    return isZip64 ? readZip64Record(file, Number(tail.readBigUInt64LE(at - 12)), path) : record;
  }
  throw brokenZip(path, 'it has no directory');
}

async function readZip64Record(file: FileHandle, offset: number, path: string): Promise<EndRecord> {
  const record = await readExactly(file, offset, 56, path);
  if (record.readUInt32LE(0) !== 0x06064b50) throw brokenZip(path, 'its zip64 directory is missing');
  return {
    count: Number(record.readBigUInt64LE(32)),
    directoryBytes: Number(record.readBigUInt64LE(40)),
    directoryOffset: Number(record.readBigUInt64LE(48)),
  };
}

function parseDirectory(directory: Buffer, count: number, path: string): ZipMember[] {
  const members: ZipMember[] = [];
  let at = 0;
  for (let index = 0; index < count; index += 1) {
    if (at + 46 > directory.length || directory.readUInt32LE(at) !== 0x02014b50) {
      throw brokenZip(path, 'its directory is cut off');
    }
    const nameBytes = directory.readUInt16LE(at + 28);
    const extraBytes = directory.readUInt16LE(at + 30);
    const extraAt = at + 46 + nameBytes;
    const member = {
      path: directory.toString('utf8', at + 46, extraAt),
      method: directory.readUInt16LE(at + 10),
      crc: directory.readUInt32LE(at + 16),
      compressedBytes: directory.readUInt32LE(at + 20),
      sizeBytes: directory.readUInt32LE(at + 24),
      offset: directory.readUInt32LE(at + 42),
    };
    members.push(widenToZip64(member, directory.subarray(extraAt, extraAt + extraBytes)));
    at = extraAt + extraBytes + directory.readUInt16LE(at + 32);
  }
  return members;
}

/** Fields that are all ones stand in the zip64 extra field instead, in this order, only those. */
function widenToZip64(member: ZipMember, extra: Buffer): ZipMember {
  const field = findExtra(extra, 0x0001);
  if (field === undefined) return member;
  let at = 0;
  const widen = (value: number) => {
    if (value !== 0xffffffff) return value;
    at += 8;
    return Number(field.readBigUInt64LE(at - 8));
  };
  const sizeBytes = widen(member.sizeBytes);
  const compressedBytes = widen(member.compressedBytes);
  return { ...member, sizeBytes, compressedBytes, offset: widen(member.offset) };
}

function findExtra(extra: Buffer, id: number): Buffer | undefined {
  for (let at = 0; at + 4 <= extra.length; ) {
    const length = extra.readUInt16LE(at + 2);
    if (extra.readUInt16LE(at) === id) return extra.subarray(at + 4, at + 4 + length);
    at += 4 + length;
  }
  return undefined;
}

async function readExactly(
  file: FileHandle,
  position: number,
  length: number,
  path: string,
): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, position);
  if (bytesRead !== length) throw brokenZip(path, 'it is cut off');
  return buffer;
}

function brokenZip(path: string, reason: string): SourceError {
  return new SourceError(`${path} is not a whole zip archive: ${reason}`);
}
