import { HostRoom } from '../capacity/host/host-room.ts';
import { type HostFacts, readHost } from '../capacity/host/read-host.ts';
import { readHostMemory, readUsedBytes } from '../capacity/host/read-memory.ts';
import type { FreeMemory } from '../reconcile/fine-tuning-jobs/trainer-config.ts';
import type { Settings } from '../settings.ts';
import type { Database } from '../store/database.ts';
import { forgetOtherHosts, writeHost } from '../store/hosts.ts';

/** Who was promised which memory of this host. */
export function createHostRoom(settings: Settings): HostRoom {
  return new HostRoom({
    givenBytes: settings.engineMemoryMb * 1e6,
    readMemory: () => readHostMemory(),
    readUsedBytes: (pid) => readUsedBytes(pid),
  });
}

/** What a trainer could take: what replicas were promised is not free, where there are any. */
export function createFreeMemoryReader(settings: Settings, hostRoom: HostRoom | null): () => FreeMemory {
  const room = hostRoom ?? createHostRoom(settings);
  return () => {
    const { freeBytes, arithmetic } = room.readFree();
    return { bytes: freeBytes, arithmetic };
  };
}

export interface HostNotes {
  /** Looks at the machine and forgets others; before the first `note`. */
  begin(): Promise<void>;
  /** Stores what there is now, for operators who ask any server. */
  note(): Promise<void>;
}

/** Notes of the host that replicas run on, made by the process that leads. */
export function createHostNotes(parts: {
  readonly db: Database;
  readonly node: string;
  readonly settings: Settings;
  readonly hostRoom: HostRoom;
}): HostNotes {
  const { db, node, settings, hostRoom } = parts;
  let facts: HostFacts | null = null;
  return {
    async begin() {
      facts = await readHost();
      await forgetOtherHosts(db, node);
    },
    async note() {
      if (facts === null) return;
      const memory = readHostMemory();
      const replicaMemoryBytes = settings.engineMemoryMb * 1e6;
      const promises = hostRoom
        .list()
        .map(({ replica, memory: { bytes, arithmetic } }) => ({ replica, bytes, arithmetic }));
      await writeHost(db, {
        node,
        facts: { ...facts, memory, replicaMemoryBytes },
        promises,
        seenTime: new Date(),
      });
    },
  };
}
