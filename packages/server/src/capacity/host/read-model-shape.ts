import { open, stat } from 'node:fs/promises';

/** What of a GGUF file decides how much memory serving it takes. */
export interface ModelShape {
  /** The file, and its further parts when it is split, as an engine lays it out in memory. */
  readonly weightBytes: number;
  /** Of one cell of the cache (one token), at 16 bits a value. */
  readonly cellBytes: number;
  readonly vocabulary: number;
  readonly width: number;
  /** Of the hidden layer between a block's two halves. */
  readonly innerWidth: number;
}

/** The keys that matter come before the vocabulary, which may take megabytes. */
const firstReadBytes = 256 * 1024;
const headerBytesMax = 64 * 1024 * 1024;
const cacheValueBytes = 2;

/** Bytes of scalar types by GGUF's numbers; 8 is text, 9 a list. */
const scalarBytes: Readonly<Record<number, number>> = {
  0: 1,
  1: 1,
  2: 2,
  3: 2,
  4: 4,
  5: 4,
  6: 4,
  7: 1,
  10: 8,
  11: 8,
  12: 8,
};

class HeaderCut extends Error {}

/**
 * Reads the shape of a model from its GGUF file, as the format's description has it. The engine checks files
 * thoroughly; this only estimates: null when the file is none or does not say.
 */
export async function readModelShape(path: string): Promise<ModelShape | null> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    for (let wanted = firstReadBytes; wanted <= headerBytesMax; wanted *= 4) {
      const bytes = Buffer.alloc(Math.min(wanted, size));
      await file.read(bytes, 0, bytes.length, 0);
      try {
        const facts = readFacts(bytes);
        return facts === null ? null : toShape(facts, await sumParts(path, size));
      } catch (error) {
        if (!(error instanceof HeaderCut)) throw error;
        if (bytes.length === size) return null;
      }
    }
    return null;
  } finally {
    await file.close();
  }
}

/** Numbers of the metadata by key; a list of numbers as such, of a list of words only the length. */
type Facts = ReadonlyMap<string, number | string | readonly number[]>;

function readFacts(bytes: Buffer): Facts | null {
  if (bytes.toString('latin1', 0, 4) !== 'GGUF') return null;
  const facts = new Map<string, number | string | readonly number[]>();
  let at = 8 + 8;
  const take = (count: number): number => {
    if (at + count > bytes.length) throw new HeaderCut();
    at += count;
    return at - count;
  };
  const count = (): number => Number(bytes.readBigUInt64LE(take(8)));
  const text = (): string => {
    const length = count();
    const start = take(length);
    return bytes.toString('utf8', start, start + length);
  };
  const scalar = (type: number): number => {
    const start = take(scalarBytes[type] ?? 0);
    if (type === 4) return bytes.readUInt32LE(start);
    if (type === 5) return bytes.readInt32LE(start);
    if (type === 10) return Number(bytes.readBigUInt64LE(start));
    return Number.NaN;
  };
  for (let pairs = count(); pairs > 0; pairs--) {
    const key = text();
    const type = bytes.readUInt32LE(take(4));
    if (type === 8) facts.set(key, text());
    else if (type !== 9) facts.set(key, scalar(type));
    else {
      const itemType = bytes.readUInt32LE(take(4));
      const length = count();
      // With the vocabulary's length everything is known: its words need not be read.
      if (key === 'tokenizer.ggml.tokens') return facts.set(key, length);
      if (itemType === 8) for (let item = 0; item < length; item++) text();
      else
        facts.set(
          key,
          Array.from({ length }, () => scalar(itemType)),
        );
    }
  }
  return facts;
}

function toShape(facts: Facts, fileBytes: number): ModelShape | null {
  const architecture = facts.get('general.architecture');
  const read = (key: string) => facts.get(`${architecture}.${key}`);
  const number = (key: string): number | null => {
    const value = read(key);
    return typeof value === 'number' && value > 0 ? value : null;
  };
  const layers = number('block_count');
  const width = number('embedding_length');
  if (layers === null || width === null) return null;
  const heads = read('attention.head_count');
  const headCount = typeof heads === 'number' ? heads : Math.max(...((heads as number[] | undefined) ?? [1]));
  const kvHeads = read('attention.head_count_kv') ?? headCount;
  const kvTotal = typeof kvHeads === 'number' ? kvHeads * layers : sum(kvHeads as readonly number[]);
  const headWidth = Math.floor(width / headCount);
  const pair =
    (number('attention.key_length') ?? headWidth) + (number('attention.value_length') ?? headWidth);
  const inner = read('feed_forward_length');
  const tokens = facts.get('tokenizer.ggml.tokens');
  return {
    weightBytes: Math.ceil(fileBytes * growthOf(facts.get('general.file_type'), width)),
    cellBytes: kvTotal * pair * cacheValueBytes,
    vocabulary: number('vocab_size') ?? (typeof tokens === 'number' ? tokens : 0),
    width,
    innerWidth:
      typeof inner === 'number' ? inner : Math.max(...((inner as number[] | undefined) ?? [4 * width])),
  };
}

/** Of `general.file_type`: most matrices are Q4_1. */
const affineFileType = 3;

/**
 * What an engine makes of a file: processors get Q4_1 as Q4_0 with offsets beside it (packages/llama,
 * `symmetric`), which in narrow models are padded. Measured on SmolLM2-135M (576 wide): 1.36; this says 1.46.
 */
function growthOf(fileType: unknown, width: number): number {
  if (fileType !== affineFileType) return 1;
  const blocks = width / 32;
  return 1 + (0.13 * Math.ceil(blocks / 64) * 64) / blocks;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Bytes of all parts of a file that is one of several, `…-00001-of-00003.gguf`; else its own. */
async function sumParts(path: string, size: number): Promise<number> {
  const split = /-00001-of-(\d{5})\.gguf$/.exec(path);
  if (split === null) return size;
  const others = Array.from({ length: Number(split[1]) - 1 }, (_, index) => {
    const part = String(index + 2).padStart(5, '0');
    return stat(path.replace(/-00001-of-/, `-${part}-of-`));
  });
  return size + sum((await Promise.all(others)).map((facts) => facts.size));
}
