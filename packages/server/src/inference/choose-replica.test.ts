import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chooseReplica, type ReplicaLoad } from './choose-replica.ts';

function loadsOf(running: readonly number[]): ReplicaLoad[] {
  return running.map((count, index) => ({
    replica: { id: `replica-${index}`, address: { socketPath: `/${index}` }, state: 'ready' },
    running: count,
  }));
}

test('without a key the replica with the least in flight is chosen', () => {
  expect(chooseReplica(loadsOf([3, 1, 2]), null, 8)?.id).toBe('replica-1');
});

test('full replicas are never chosen', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(4), { maxLength: 6 }), fc.option(fc.string()), (running, key) => {
      const chosen = chooseReplica(loadsOf(running), key, 4);
      if (chosen === null) expect(running.every((count) => count >= 4)).toBe(true);
      else expect(running[Number(chosen.id.slice('replica-'.length))]).toBeLessThan(4);
    }),
  );
});

test('a session stays where it is when another replica leaves', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 6 }), fc.nat(), fc.string(), (count, leaving, key) => {
      const loads = loadsOf(new Array(count).fill(0));
      const before = chooseReplica(loads, key, 4)!;
      const gone = loads[leaving % count]!;
      const after = chooseReplica(
        loads.filter((load) => load !== gone),
        key,
        4,
      )!;
      if (gone.replica.id !== before.id) expect(after.id).toBe(before.id);
    }),
  );
});

test('sessions spread over all replicas', () => {
  const loads = loadsOf([0, 0, 0, 0]);
  const counts = new Map<string, number>();
  for (let session = 0; session < 4000; session++) {
    const { id } = chooseReplica(loads, `alice/session-${session}`, 4)!;
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  for (const count of counts.values()) {
    expect(count).toBeGreaterThan(800);
    expect(count).toBeLessThan(1200);
  }
});
