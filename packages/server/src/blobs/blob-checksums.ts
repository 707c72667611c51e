import { crc32 } from 'node:zlib';
import type { BlobStore } from './blob-store.ts';

/** As S3 names them: the checksum is the base64 of four bytes, and is told to who asks for it. */
export const checksumHeader = 'x-amz-checksum-crc32';
export const checksumQuestion = 'x-amz-checksum-mode';

/** Checksums that are remembered; the others are computed again. */
const KEPT_MAX = 10_000;

/** CRC-32 of blobs, for clients that check what they sent or got. */
export interface BlobChecksums {
  /** The same content; what passes is counted in, so that an upload's checksum is known when it ends. */
  watch(key: string, content: AsyncIterable<Uint8Array>, fromByte: number): AsyncIterable<Uint8Array>;
  /** Of a whole blob; it is read unless its upload was watched. Throws BlobError when there is none. */
  read(key: string): Promise<string>;
}

interface Running {
  /** Bytes counted in. */
  readonly at: number;
  readonly crc: number;
}

/** Checksums by key, in memory: a blob does not change once its model or dataset is ready. */
export function createBlobChecksums(blobs: BlobStore): BlobChecksums {
  const known = new Map<string, Running>();
  const underWay = new Map<string, Promise<string>>();

  const remember = (key: string, running: Running): void => {
    known.delete(key);
    known.set(key, running);
    const [oldest] = known.keys();
    if (known.size > KEPT_MAX && oldest !== undefined) known.delete(oldest);
  };

  async function compute(key: string): Promise<string> {
    const [facts, running] = [await blobs.stat(key), known.get(key)];
    // Content that broke off was perhaps not kept to the last byte that passed here.
    if (facts !== null && running?.at === facts.sizeBytes) return encodeChecksum(running.crc);
    let [at, crc] = [0, 0];
    for await (const chunk of await blobs.read(key)) {
      crc = crc32(chunk, crc);
      at += chunk.length;
    }
    remember(key, { at, crc });
    return encodeChecksum(crc);
  }

  return {
    async *watch(key, content, fromByte) {
      const before = fromByte === 0 ? { at: 0, crc: 0 } : known.get(key);
      known.delete(key);
      if (before?.at !== fromByte) {
        yield* content;
        return;
      }
      let { at, crc } = before;
      for await (const chunk of content) {
        crc = crc32(chunk, crc);
        at += chunk.length;
        remember(key, { at, crc });
        yield chunk;
      }
    },
    read(key) {
      const reading = underWay.get(key) ?? compute(key).finally(() => underWay.delete(key));
      underWay.set(key, reading);
      return reading;
    },
  };
}

function encodeChecksum(crc: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc);
  return bytes.toString('base64');
}
