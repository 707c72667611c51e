import { readFileSync } from 'node:fs';
import { freemem, totalmem } from 'node:os';

/** Memory of this host, or of the control group that confines this process to less. */
export interface HostMemory {
  readonly totalBytes: number;
  /** Neither in use nor needed: files that the system could read again count as free. */
  readonly availableBytes: number;
  /** Limit of the control group; null: there is none below the machine's memory. */
  readonly limitBytes: number | null;
}

/** Reads a file of the system; null where there is none. */
export type ReadSystemFile = (path: string) => string | null;

export const readSystemFile: ReadSystemFile = (path) => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Another system, or another version of control groups.
    return null;
  }
};

/**
 * What there is and what is free. On Linux from /proc and the control group (both versions); elsewhere as
 * Node tells it.
 */
export function readHostMemory(read: ReadSystemFile = readSystemFile): HostMemory {
  const meminfo = read('/proc/meminfo');
  const machine = {
    totalBytes: readKilobytes(meminfo, 'MemTotal') ?? totalmem(),
    availableBytes: readKilobytes(meminfo, 'MemAvailable') ?? freemem(),
  };
  const groups = readGroups(read).filter(({ limitBytes }) => limitBytes < machine.totalBytes);
  if (groups.length === 0) return { ...machine, limitBytes: null };
  const limitBytes = Math.min(...groups.map((group) => group.limitBytes));
  const available = groups.map((group) => Math.max(group.limitBytes - group.usedBytes, 0));
  return {
    totalBytes: limitBytes,
    availableBytes: Math.min(machine.availableBytes, ...available),
    limitBytes,
  };
}

/**
 * Memory that a process shares with nobody, on Linux; null elsewhere. What it maps of files is left out: that
 * counts as available.
 */
export function readUsedBytes(pid: number, read: ReadSystemFile = readSystemFile): number | null {
  return readKilobytes(read(`/proc/${pid}/status`), 'RssAnon');
}

interface Group {
  readonly limitBytes: number;
  readonly usedBytes: number;
}

/** The group of this process and those around it: each may have a limit of its own. */
function readGroups(read: ReadSystemFile): Group[] {
  const lines = (read('/proc/self/cgroup') ?? '').split('\n').map((line) => line.split(':'));
  const found: Group[] = [];
  for (const [, controllers = '', path = ''] of lines) {
    const isSecond = controllers === '';
    if (!isSecond && !controllers.split(',').includes('memory')) continue;
    const root = isSecond ? '/sys/fs/cgroup' : '/sys/fs/cgroup/memory';
    const names = path.split('/').filter((name) => name !== '');
    for (let depth = names.length; depth >= 0; depth--) {
      const folder = [root, ...names.slice(0, depth)].join('/');
      const group = isSecond ? readSecondVersion(folder, read) : readFirstVersion(folder, read);
      if (group !== null) found.push(group);
    }
  }
  return found;
}

function readSecondVersion(folder: string, read: ReadSystemFile): Group | null {
  const limit = Number.parseInt(read(`${folder}/memory.max`) ?? '', 10);
  return toGroup(limit, read(`${folder}/memory.current`), read(`${folder}/memory.stat`), '');
}

function readFirstVersion(folder: string, read: ReadSystemFile): Group | null {
  const limit = Number.parseInt(read(`${folder}/memory.limit_in_bytes`) ?? '', 10);
  const used = read(`${folder}/memory.usage_in_bytes`);
  return toGroup(limit, used, read(`${folder}/memory.stat`), 'total_');
}

/** Pages of files count as used there, but go when memory is wanted. `max` is no number: no limit. */
function toGroup(limitBytes: number, used: string | null, stat: string | null, prefix: string): Group | null {
  if (Number.isNaN(limitBytes) || used === null) return null;
  const pages = (name: string) =>
    Number(new RegExp(`^${prefix}${name} (\\d+)$`, 'm').exec(stat ?? '')?.[1] ?? 0);
  const usedBytes = Number.parseInt(used, 10) - pages('inactive_file') - pages('active_file');
  return { limitBytes, usedBytes: Math.max(usedBytes, 0) };
}

function readKilobytes(text: string | null, key: string): number | null {
  const found = new RegExp(`^${key}:\\s+(\\d+) kB$`, 'm').exec(text ?? '');
  return found === null ? null : Number(found[1]) * 1024;
}
