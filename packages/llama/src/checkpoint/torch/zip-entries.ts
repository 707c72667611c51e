import type { FileHandle } from 'node:fs/promises';
import { CheckpointError } from '../checkpoint.ts';
import { readBytes } from '../file-bytes.ts';

/** Where the bytes of a stored (uncompressed) entry lie. */
export interface ZipEntry {
  readonly name: string;
  readonly offset: number;
  readonly bytes: number;
}

const END_RECORD = 0x06054b50;
const END_RECORD_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const CENTRAL_ENTRY = 0x02014b50;
const LOCAL_ENTRY = 0x04034b50;
/** End record plus the longest comment. */
const TAIL_BYTES_MAX = 22 + 65_535 + 20;
const DIRECTORY_BYTES_MAX = 64 * 1024 * 1024;

/**
 * Lists a zip archive as torch.save writes it: every entry stored, zip64 where files are large. Throws
 * CheckpointError for other archives.
 */
export async function listZipEntries(file: FileHandle, path: string): Promise<Map<string, ZipEntry>> {
  const { size } = await file.stat();
  const directory = await findDirectory(file, path, size);
  if (directory.bytes > DIRECTORY_BYTES_MAX || directory.offset + directory.bytes > size) {
    throw new CheckpointError(`${path} has a zip directory that does not lie inside it`);
  }
  const bytes = await readBytes(file, directory.offset, directory.bytes);
  const entries = new Map<string, ZipEntry>();
  for (let at = 0; at + 46 <= bytes.length && bytes.readUInt32LE(at) === CENTRAL_ENTRY; ) {
    const { entry, next, localOffset, method } = readCentralEntry(bytes, at, path);
    if (method !== 0)
      throw new CheckpointError(`${path}: the entry ${entry.name} is compressed; torch.save stores it`);
    const offset = await findData(file, path, localOffset, size);
    if (offset + entry.bytes > size) throw new CheckpointError(`${path}: the entry ${entry.name} is cut off`);
    entries.set(entry.name, { ...entry, offset });
    at = next;
  }
  return entries;
}

async function findDirectory(
  file: FileHandle,
  path: string,
  size: number,
): Promise<{ offset: number; bytes: number }> {
  const tailStart = Math.max(0, size - TAIL_BYTES_MAX);
  const tail = await readBytes(file, tailStart, size - tailStart);
  const end = findLast(tail, END_RECORD);
  if (end < 0 || end + 22 > tail.length) {
    throw new CheckpointError(
      `${path} is not a zip archive: only files by torch.save of PyTorch 1.6 or later are read`,
    );
  }
  const locator = end - 20;
  if (locator >= 0 && tail.readUInt32LE(locator) === LOCATOR_64) {
    const recordOffset = Number(tail.readBigUInt64LE(locator + 8));
    const record = recordOffset + 56 <= size ? await readBytes(file, recordOffset, 56) : Buffer.alloc(56);
    if (record.readUInt32LE(0) !== END_RECORD_64)
      throw new CheckpointError(`${path} has a damaged zip64 end record`);
    return { bytes: Number(record.readBigUInt64LE(40)), offset: Number(record.readBigUInt64LE(48)) };
  }
  return { bytes: tail.readUInt32LE(end + 12), offset: tail.readUInt32LE(end + 16) };
}

function readCentralEntry(
  bytes: Buffer,
  at: number,
  path: string,
): { entry: Omit<ZipEntry, 'offset'>; next: number; localOffset: number; method: number } {
  const nameLength = bytes.readUInt16LE(at + 28);
  const extraLength = bytes.readUInt16LE(at + 30);
  const next = at + 46 + nameLength + extraLength + bytes.readUInt16LE(at + 32);
  if (next > bytes.length) throw new CheckpointError(`${path} has a damaged zip directory`);
  const name = bytes.toString('utf8', at + 46, at + 46 + nameLength);
  const extra = bytes.subarray(at + 46 + nameLength, at + 46 + nameLength + extraLength);
  const sizes = readLargeSizes(extra, [
    bytes.readUInt32LE(at + 24),
    bytes.readUInt32LE(at + 20),
    bytes.readUInt32LE(at + 42),
  ]);
  return {
    entry: { name, bytes: sizes[0] },
    next,
    localOffset: sizes[2],
    method: bytes.readUInt16LE(at + 10),
  };
}

/** Sizes of all ones stand in the zip64 field, in this order: uncompressed, compressed, offset. */
function readLargeSizes(extra: Buffer, sizes: [number, number, number]): [number, number, number] {
  for (let at = 0; at + 4 <= extra.length; ) {
    const length = extra.readUInt16LE(at + 2);
    if (extra.readUInt16LE(at) === 1) {
      let field = at + 4;
      for (const index of [0, 1, 2] as const) {
        if (sizes[index] !== 0xffffffff || field + 8 > Math.min(extra.length, at + 4 + length)) continue;
        sizes[index] = Number(extra.readBigUInt64LE(field));
        field += 8;
      }
    }
    at += 4 + length;
  }
  return sizes;
}

/** The local header repeats name and extra field with lengths of its own; the data follows it. */
async function findData(file: FileHandle, path: string, localOffset: number, size: number): Promise<number> {
  if (localOffset + 30 > size) throw new CheckpointError(`${path} has an entry outside the file`);
  const header = await readBytes(file, localOffset, 30);
  if (header.readUInt32LE(0) !== LOCAL_ENTRY) throw new CheckpointError(`${path} has a damaged zip entry`);
  return localOffset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
}

function findLast(bytes: Buffer, signature: number): number {
  const needle = Buffer.alloc(4);
  needle.writeUInt32LE(signature);
  return bytes.lastIndexOf(needle);
}
