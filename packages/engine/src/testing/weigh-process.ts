import { readFileSync } from 'node:fs';

const KIB = 1024;

/** What of a process is in memory, bytes. */
export interface ProcessWeight {
  /** Its own: heaps, stacks, buffers; nothing that a file backs. */
  readonly anonymous: number;
}

/** What of a mapped file is in a process' memory, bytes. */
export interface MappingWeight {
  /** Resident, divided by the processes that have it mapped. */
  readonly proportional: number;
  readonly sharedClean: number;
  /** Nobody else has it: what a replica costs on its own. */
  readonly private: number;
}

/** Linux only: from /proc/PID/smaps_rollup. */
export function weighProcess(pid: number): ProcessWeight {
  const fields = readFields(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'));
  return { anonymous: fields('Anonymous') };
}

/** Linux only: all mappings of the file in /proc/PID/smaps together. */
export function weighMapping(pid: number, path: string): MappingWeight {
  const mappings = readFileSync(`/proc/${pid}/smaps`, 'utf8').split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m);
  const fields = readFields(mappings.filter((mapping) => mapping.split('\n')[0]!.endsWith(path)).join(''));
  return {
    proportional: fields('Pss'),
    sharedClean: fields('Shared_Clean'),
    private: fields('Private_Clean') + fields('Private_Dirty'),
  };
}

/** Sums of the fields of smaps. */
function readFields(text: string): (name: string) => number {
  const sums = new Map<string, number>();
  for (const [, name, kib] of text.matchAll(/^(\w+): +(\d+) kB$/gm)) {
    sums.set(name!, (sums.get(name!) ?? 0) + Number(kib) * KIB);
  }
  return (name) => sums.get(name) ?? 0;
}
