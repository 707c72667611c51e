import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { UsageRecord } from '../inference/metering.ts';

/**
 * Usage on its way to the database, as lines in numbered files. A line is in the kernel's hands when `append`
 * returns, so it survives the death of this process (not of the machine). A file is deleted once its rows are
 * stored; stored twice is harmless, since rows are keyed by request id.
 */
export interface UsageSpool {
  /** Throws when the line could not be written whole. */
  append(usage: UsageRecord): void;
  /**
   * Takes the oldest file that may have records, closing the one being written when it's that. Null: nothing
   * there.
   */
  takeOldest(): { readonly records: UsageRecord[]; readonly damagedLines: number; done(): void } | null;
  close(): void;
}

/** Of each file: a few MB. What has more records (the database is away) is read from the disk again. */
const rememberedMax = 10_000;

/** A file of the spool; its records as long as they are remembered. */
interface SpoolFile {
  readonly name: string;
  records: UsageRecord[] | null;
}

const namePattern = /^usage-(\d{8})\.jsonl$/;

export function openUsageSpool(folder: string): UsageSpool {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const left = readdirSync(folder)
    .filter((name) => namePattern.test(name))
    .sort();
  const waiting: SpoolFile[] = left.map((name) => ({ name, records: null }));
  let nextNumber = Number(namePattern.exec(left.at(-1) ?? '')?.[1] ?? 0) + 1;
  let current: (SpoolFile & { readonly descriptor: number }) | null = null;

  function openNext(): SpoolFile & { readonly descriptor: number } {
    const name = `usage-${String(nextNumber).padStart(8, '0')}.jsonl`;
    nextNumber += 1;
    return { name, records: [], descriptor: openSync(join(folder, name), 'a', 0o600) };
  }

  function closeCurrent(): void {
    if (!current) return;
    closeSync(current.descriptor);
    waiting.push({ name: current.name, records: current.records });
    current = null;
  }

  return {
    append(usage) {
      current ??= openNext();
      const line = Buffer.from(`${JSON.stringify(usage)}\n`);
      try {
        // A full disk may take part of a line without an error.
        const written = writeSync(current.descriptor, line);
        if (written < line.length) throw new Error(`the disk took ${written} of ${line.length} bytes`);
      } catch (error) {
        // What was cut off must be the last line of its file, not the beginning of the next record's.
        closeCurrent();
        throw error;
      }
      // Reading a file back cost more than writing it: parsing, and garbage of every record.
      if (current.records !== null && current.records.push(usage) > rememberedMax) current.records = null;
    },
    takeOldest() {
      if (waiting.length === 0) closeCurrent();
      const file = waiting[0];
      if (file === undefined) return null;
      const path = join(folder, file.name);
      const { records } = file;
      return {
        ...(records === null ? parseLines(readFileSync(path, 'utf8')) : { records, damagedLines: 0 }),
        done() {
          rmSync(path, { force: true });
          waiting.shift();
        },
      };
    },
    close: closeCurrent,
  };
}

/** The last line may be cut short when the disk was full. */
function parseLines(text: string): { records: UsageRecord[]; damagedLines: number } {
  const records: UsageRecord[] = [];
  let damagedLines = 0;
  for (const line of text.split('\n')) {
    if (line === '') continue;
    try {
      records.push(JSON.parse(line) as UsageRecord);
    } catch {
      damagedLines += 1;
    }
  }
  return { records, damagedLines };
}
