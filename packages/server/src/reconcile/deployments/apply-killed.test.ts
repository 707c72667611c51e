import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Launcher, ObservedReplica } from '../../launch/launcher.ts';
import type { Database } from '../../store/database.ts';
import { forgetNode } from '../../store/deployment-observed.ts';
import { addAccountWithModel, openTestDatabase, type TestDatabase } from '../../store/testing.ts';
import { createWeights } from '../weights.ts';
import { createDeploymentsReconciler } from './reconciler.ts';

// A server is killed before each thing that a reconciler does, in turn: the next start must come to the same
// end.

const name = 'accounts/acme/deployments/d';
let database: TestDatabase;

beforeAll(async () => {
  database = await openTestDatabase();
  await addAccountWithModel(database);
});
afterAll(() => database.close());

/**
 * Replicas that are entries in a map. They die with the server, so each server gets a launcher of its own.
 */
function createMemoryLauncher(replicas: Map<string, ObservedReplica>): Launcher {
  const change = (id: string, next: Partial<ObservedReplica>) => {
    const replica = replicas.get(id);
    if (replica) replicas.set(id, { ...replica, ...next });
  };
  const end = async (id: string) =>
    change(id, { state: 'exited', exit: { timeMs: 1, wanted: true, reason: 'told to' } });
  return {
    kind: 'child-process',
    async launch({ id, deployment, generation, specKey }) {
      const seen = { id, deployment, generation, specKey, address: { socketPath: id }, pid: 1 };
      replicas.set(id, { ...seen, state: 'starting', launchTimeMs: 0, readyTimeMs: null, exit: null });
    },
    drain: end,
    stop: end,
    forget: async (id) => void replicas.delete(id),
    observe: async () => [...replicas.values()],
    onChange: () => undefined,
    onLoading: () => undefined,
    close: async () => undefined,
  };
}

/** The same object, but every call of a method counts, and the one numbered `deadline` kills. */
function mortal<T extends object>(target: T, life: { calls: number; readonly deadline: number }): T {
  return new Proxy(target, {
    get(_, key) {
      const value = Reflect.get(target, key);
      if (typeof value !== 'function') return value;
      return (...words: unknown[]) => {
        life.calls += 1;
        if (life.calls === life.deadline) throw new Error('killed');
        return value.apply(target, words);
      };
    },
  });
}

let made = 0;

/** One server from its start until the deployment rests, or until it is killed. Returns its replicas. */
async function runServer(
  deadline: number,
): Promise<{ killed: boolean; replicas: Map<string, ObservedReplica> }> {
  const life = { calls: 0, deadline };
  const replicas = new Map<string, ObservedReplica>();
  const db: Database = mortal(database.db, life);
  await forgetNode(database.db, 'n1');
  const reconciler = createDeploymentsReconciler({
    db,
    queue: { request: async () => undefined } as never,
    launcher: mortal(createMemoryLauncher(replicas), life),
    weights: createWeights({ cacheFolder: '/', modelsFolder: undefined, onProgress: () => undefined }),
    catalogue: [],
    nodeId: 'n1',
    engine: { runner: 'scripted', threads: 1, cells: 1, sequences: 1, batchTokens: 1 },
    makeReplicaId: () => `r${++made}`,
    now: () => 1_000_000,
    onError: () => undefined,
  });
  try {
    for (let round = 0; round < 10; round += 1) {
      const { outcome } = await reconciler.reconcile(name);
      for (const [id, replica] of replicas) {
        if (replica.state === 'starting') replicas.set(id, { ...replica, state: 'ready', readyTimeMs: 1 });
      }
      if (outcome === 'settled') return { killed: false, replicas };
    }
  } catch (error) {
    expect((error as Error).message).toBe('killed');
    return { killed: true, replicas };
  }
  throw new Error('it never settled');
}

async function want(count: number, isDeleted: boolean): Promise<void> {
  await database.db.deleteFrom('deployments').where('name', '=', name).execute();
  await database.db
    .insertInto('deployments')
    .values({
      name,
      account: 'acme',
      base_model: 'accounts/acme/models/m',
      min_replica_count: count,
      max_replica_count: count,
      ...(isDeleted ? { delete_time: new Date() } : {}),
    })
    .execute();
}

async function readRows() {
  const { db } = database;
  const row = await db
    .selectFrom('deployments')
    .selectAll()
    .where('name', '=', name)
    .executeTakeFirstOrThrow();
  const replicas = await db.selectFrom('replicas').selectAll().orderBy('id').execute();
  return { row, replicas };
}

test.each([
  ['two replicas', 2, false, 'ready'],
  ['a deleted one', 1, true, 'deleted'],
])(
  'killed before anything it does for %s, the next server converges',
  async (_, count, isDeleted, state) => {
    const wanted = isDeleted ? 0 : count;
    let kills = 0;
    // The first call only listens to the launcher.
    for (let deadline = 2; deadline < 200; deadline += 1) {
      await want(count, isDeleted);
      const { killed } = await runServer(deadline);
      const after = await runServer(0);
      expect(after.killed).toBe(false);
      const { row, replicas } = await readRows();
      expect([row.observed_state, row.observed_ready_count, row.observed_generation]).toEqual([
        state,
        wanted,
        1,
      ]);
      // The rows are the replicas of the server that lives: nothing orphaned, nothing twice.
      expect(replicas.map(({ id }) => id)).toEqual([...after.replicas.keys()].sort());
      expect(replicas.filter((replica) => replica.state === 'ready')).toHaveLength(wanted);
      if (!killed) break;
      kills += 1;
    }
    expect(kills).toBeGreaterThan(isDeleted ? 4 : 12);
  },
  60_000,
);
