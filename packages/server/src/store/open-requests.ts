import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import type { OpenRequest, RequestJournal } from '../inference/open-request.ts';
import type { Database } from './database.ts';

/**
 * Requests under way, as lines in numbered files. A line is in the kernel's hands when `begin` returns, like
 * those of the usage spool, so the next life of a killed process finds it.
 */
export interface OpenRequests extends RequestJournal {
  /** What earlier lives left: handed to a replica, and not known to have ended without usage. */
  readonly left: readonly OpenRequest[];
  /** What was left is settled: its files go. */
  forgetLeft(): void;
  /** Keeps what is under way for the next life. */
  close(): void;
}

/** A file with more lines is replaced by one with those that are still open: a few MB at most. */
const defaultLinesMax = 8_192;

const namePattern = /^open-(\d{8})\.jsonl$/;

type Line = OpenRequest | { readonly ended: string };

export function openRequests(
  folder: string,
  onProblem: (text: string, error?: Error) => void,
  linesMax = defaultLinesMax,
): OpenRequests {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  let leftFiles = readdirSync(folder)
    .filter((name) => namePattern.test(name))
    .sort();
  const left = readLeft(leftFiles.map((name) => join(folder, name)));
  let nextNumber = Number(namePattern.exec(leftFiles.at(-1) ?? '')?.[1] ?? 0) + 1;
  const running = new Map<string, string>();
  let file: LineFile | null = null;

  function openNext(): LineFile {
    const name = `open-${String(nextNumber).padStart(8, '0')}.jsonl`;
    nextNumber += 1;
    return openLineFile(join(folder, name));
  }

  /** The new file is whole before the old one goes: a line found twice is one request. */
  function replaceFull(): void {
    const old = file;
    if (old === null || old.lines() < Math.max(linesMax, 2 * running.size)) return;
    file = openNext();
    for (const text of running.values()) file.write(text);
    old.remove();
  }

  function append(line: Line): string {
    const text = `${JSON.stringify(line)}\n`;
    try {
      replaceFull();
      file ??= openNext();
      file.write(text);
    } catch (error) {
      onProblem('a request under way could not be noted for a next life of this server', error as Error);
    }
    return text;
  }

  return {
    left,
    begin(request) {
      running.set(request.requestId, append(request));
    },
    end(requestId, metered) {
      if (running.delete(requestId) && !metered) append({ ended: requestId });
    },
    forgetLeft() {
      for (const name of leftFiles) rmSync(join(folder, name), { force: true });
      leftFiles = [];
    },
    close() {
      if (running.size === 0) file?.remove();
      else file?.close();
      file = null;
    },
  };
}

interface LineFile {
  lines(): number;
  /** One line with its end; throws when it could not be written whole. */
  write(line: string): void;
  close(): void;
  remove(): void;
}

function openLineFile(path: string): LineFile {
  const descriptor = openSync(path, 'a', 0o600);
  let lines = 0;
  /** The last line was cut short: the next one must not become its end. */
  let torn = false;
  return {
    lines: () => lines,
    write(line) {
      const bytes = Buffer.from(torn ? `\n${line}` : line);
      lines += 1;
      torn = true;
      const written = writeSync(descriptor, bytes);
      torn = written < bytes.length;
      if (torn) throw new Error(`the disk took ${written} of ${bytes.length} bytes`);
    },
    close: () => closeSync(descriptor),
    remove() {
      closeSync(descriptor);
      rmSync(path, { force: true });
    },
  };
}

/** Of a request that was given to several replicas the last one counts: the others did nothing for it. */
function readLeft(paths: readonly string[]): OpenRequest[] {
  const left = new Map<string, OpenRequest>();
  for (const path of paths) {
    for (const text of readFileSync(path, 'utf8').split('\n')) {
      const line = parseLine(text);
      if (line === null) continue;
      if ('ended' in line) left.delete(line.ended);
      else left.set(line.requestId, line);
    }
  }
  return [...left.values()];
}

/** A line may be cut short when the disk was full. */
function parseLine(text: string): Line | null {
  try {
    return text === '' ? null : (JSON.parse(text) as Line);
  } catch {
    return null;
  }
}

/** Those of the given requests that have a usage row. */
export async function findStoredRequests(db: Database, ids: readonly string[]): Promise<Set<string>> {
  const { rows } = await sql<{ id: string }>`
    select request_id as id from usage where request_id = any(${ids}::text[])`.execute(db);
  return new Set(rows.map((row) => row.id));
}
