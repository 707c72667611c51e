import { closeSync, fstatSync, ftruncateSync, mkdirSync, openSync, readSync } from 'node:fs';
import { dirname } from 'node:path';

/** Logs of child processes: enough for the story of a failure, small enough never to matter. */
const logBytesMax = 4 * 1024 * 1024;

/** A log that a child process writes to directly, so that it survives us and never blocks the child. */
export interface LogFile {
  readonly path: string;
  /** To pass as stdio of a child. */
  readonly descriptor: number;
  /** Last lines, for a reason that people can read. */
  tail(lines: number): string;
  /** Empties the file when it has grown beyond its bound. Call it now and then. */
  bound(): void;
  close(): void;
}

/** Opens (and makes) the log for appending. Appending is what makes emptying it under a writer safe. */
export function openLogFile(path: string): LogFile {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const descriptor = openSync(path, 'a+', 0o600);
  const bound = () => {
    if (fstatSync(descriptor).size > logBytesMax) ftruncateSync(descriptor, 0);
  };
  bound();
  return {
    path,
    descriptor,
    bound,
    tail: (lines) => readTail(descriptor, lines),
    close: () => closeSync(descriptor),
  };
}

function readTail(descriptor: number, lines: number): string {
  const { size } = fstatSync(descriptor);
  const buffer = Buffer.alloc(Math.min(size, 8192));
  const length = readSync(descriptor, buffer, 0, buffer.length, size - buffer.length);
  return buffer.toString('utf8', 0, length).trimEnd().split('\n').slice(-lines).join('\n');
}
