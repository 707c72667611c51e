import type { ReplicaRoute } from './routing.ts';

/** A ready replica and how many requests run on it. */
export interface ReplicaLoad {
  readonly replica: ReplicaRoute;
  readonly running: number;
}

/**
 * Picks where a request runs: with an affinity key always the same replica while it has room (rendezvous
 * hashing, so that a replica that comes or goes moves only its own sessions), else the one with the least in
 * flight. Null when all are full.
 */
export function chooseReplica(
  loads: readonly ReplicaLoad[],
  affinityKey: string | null,
  runningMax: number,
): ReplicaRoute | null {
  let best: ReplicaLoad | null = null;
  let bestScore = 0;
  for (const load of loads) {
    if (load.running >= runningMax) continue;
    const score = affinityKey === null ? -load.running : hash(`${affinityKey}\n${load.replica.id}`);
    if (best === null || score > bestScore) {
      best = load;
      bestScore = score;
    }
  }
  return best === null ? null : best.replica;
}

/**
 * FNV-1a with a final mix: rendezvous hashing compares hashes of strings that differ in their last letters
 * only.
 */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
