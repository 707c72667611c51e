import type { Room } from '../room.ts';
import type { ReplicaMemory } from './estimate-memory.ts';
import { type FreeSum, type HostMemoryNow, planHostRoom, sumFree } from './plan-host-room.ts';
import type { HostMemory } from './read-memory.ts';

export interface HostRoomParts {
  /** What the operator gives replicas together; 0: what the machine has free. */
  readonly givenBytes: number;
  readMemory(): HostMemory;
  /** Memory that only this process uses; null when the system does not tell. */
  readUsedBytes(pid: number): number | null;
}

interface Promised {
  readonly memory: ReplicaMemory;
  pid: number | null;
  /** Where the system does not tell: it serves, so it has taken what it was promised. */
  isReady: boolean;
}

/** A replica as its launcher sees it, as far as memory goes. */
export interface SeenReplica {
  readonly id: string;
  readonly pid: number | null;
  readonly state: 'starting' | 'ready' | 'draining' | 'stopping' | 'exited';
}

/** Which replicas were promised memory of this host. In memory: replicas die with the process that has it. */
export class HostRoom {
  readonly #parts: HostRoomParts;
  readonly #promises = new Map<string, Promised>();

  constructor(parts: HostRoomParts) {
    this.#parts = parts;
  }

  /** How many of `count` more replicas would fit. Takes nothing. */
  preview(need: ReplicaMemory, count: number): Room {
    return planHostRoom(need, count, this.#now());
  }

  /** For what is no replica: memory that nobody has or was promised. */
  readFree(): FreeSum {
    return sumFree(this.#now());
  }

  /** Promises memory to a replica; false when there is none for it any more. */
  take(replica: string, need: ReplicaMemory): boolean {
    if (this.preview(need, 1).fits === 0) return false;
    this.#promises.set(replica, { memory: need, pid: null, isReady: false });
    return true;
  }

  /** Notes what became of replicas: those that have ended hold nothing any more. */
  note(replicas: readonly SeenReplica[]): void {
    for (const { id, pid, state } of replicas) {
      const promised = this.#promises.get(id);
      if (promised === undefined) continue;
      promised.pid = pid;
      promised.isReady = state !== 'starting';
      if (state === 'exited') this.#promises.delete(id);
    }
  }

  /** What each replica was promised, in words too. */
  list(): { readonly replica: string; readonly memory: ReplicaMemory }[] {
    return [...this.#promises].map(([replica, { memory }]) => ({ replica, memory }));
  }

  #now(): HostMemoryNow {
    const { givenBytes, readMemory, readUsedBytes } = this.#parts;
    const promises = [...this.#promises].map(([replica, { memory, pid, isReady }]) => {
      const told = pid === null ? 0 : readUsedBytes(pid);
      return { replica, bytes: memory.bytes, usedBytes: told ?? (isReady ? memory.bytes : 0) };
    });
    const { totalBytes, availableBytes } = readMemory();
    return { givenBytes: givenBytes === 0 ? null : givenBytes, totalBytes, availableBytes, promises };
  }
}
