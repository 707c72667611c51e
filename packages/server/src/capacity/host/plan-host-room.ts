import type { Room } from '../room.ts';
import type { ReplicaMemory } from './estimate-memory.ts';
import { formatBytes } from './format-bytes.ts';

/** A replica that was let in. */
export interface MemoryPromise {
  readonly replica: string;
  readonly bytes: number;
  /** Of these, what it has taken already, as far as the system tells. */
  readonly usedBytes: number;
}

export interface HostMemoryNow {
  /** What the operator gives replicas together; null: what the machine has free. */
  readonly givenBytes: number | null;
  /** Of the machine, or of the control group that the server is in. */
  readonly totalBytes: number;
  /** Neither in use nor needed by others; what replicas use now is not in it. */
  readonly availableBytes: number;
  readonly promises: readonly MemoryPromise[];
}

/** Share of the machine that stays free for its other work, and the most that is. */
const keptShare = 0.05;
const keptBytesMax = 1e9;

/**
 * How many of `count` more replicas fit into the host's memory: what is free, minus what is promised to
 * replicas that have not taken it yet. Pure.
 */
export function planHostRoom(need: ReplicaMemory, count: number, now: HostMemoryNow): Room {
  const sum = now.givenBytes === null ? sumFree(now) : sumGiven(now, now.givenBytes);
  const fits = Math.max(Math.min(Math.floor(sum.freeBytes / need.bytes), count), 0);
  if (fits === count) return { fits, reason: null };
  const wanted = count - fits === 1 ? 'a replica needs' : `${count - fits} replicas need each`;
  const canEverFit = need.bytes <= sum.mostBytes;
  const never = canEverFit ? '' : `; it can never fit here: there is ${formatBytes(sum.mostBytes)} in all`;
  // When some of them fit, they take of it first.
  const taken = fits === 0 ? '' : ` - ${formatBytes(fits * need.bytes)} for ${fits} of its replicas`;
  const left = formatBytes(sum.freeBytes - fits * need.bytes);
  return {
    fits,
    reason: `this host: ${wanted} ${need.arithmetic}, and ${sum.arithmetic}${taken} = ${left} is free${never}`,
    ...(canEverFit ? {} : { canEverFit }),
  };
}

/** What is free, what could be at most, and how the first comes about: `2 GB available - …`. */
export interface FreeSum {
  readonly freeBytes: number;
  readonly mostBytes: number;
  readonly arithmetic: string;
}

function sumGiven({ promises }: HostMemoryNow, givenBytes: number): FreeSum {
  const promised = promises.reduce((sum, { bytes }) => sum + bytes, 0);
  return {
    freeBytes: givenBytes - promised,
    mostBytes: givenBytes,
    arithmetic: `${formatBytes(givenBytes)} for replicas${describePromises(promised, promises.length)}`,
  };
}

/** Memory that nobody has or was promised, whatever the operator gives replicas. Pure. */
export function sumFree({
  totalBytes,
  availableBytes,
  promises,
}: Omit<HostMemoryNow, 'givenBytes'>): FreeSum {
  const kept = Math.min(totalBytes * keptShare, keptBytesMax);
  const open = promises.filter(({ bytes, usedBytes }) => bytes > usedBytes);
  const promised = open.reduce((sum, { bytes, usedBytes }) => sum + bytes - usedBytes, 0);
  return {
    freeBytes: availableBytes - kept - promised,
    mostBytes: totalBytes - kept,
    arithmetic:
      `${formatBytes(availableBytes)} available - ${formatBytes(kept)} kept for others` +
      describePromises(promised, open.length),
  };
}

function describePromises(bytes: number, count: number): string {
  if (count === 0) return '';
  return ` - ${formatBytes(bytes)} promised to ${count} ${count === 1 ? 'replica' : 'replicas'}`;
}
