import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createChildProcessLauncher } from '../../launch/child-process.ts';
import type { Launcher } from '../../launch/launcher.ts';
import { writeDeploymentObserved } from '../../store/deployment-observed.ts';
import { createLeadership } from '../../store/leadership.ts';
import { openReconcileQueue, type ReconcileQueue } from '../../store/reconcile-queue.ts';
import { createReconcileResults } from '../../store/reconcile-results.ts';
import { addAccountWithModel, openTestDatabase, type TestDatabase } from '../../store/testing.ts';
import { wakeDeployment } from '../../store/wake-deployment.ts';
import { createDeployedModelsReconciler } from '../deployed-models/reconciler.ts';
import { type ReconcileDriver, startDriver } from '../driver.ts';
import { createWeights } from '../weights.ts';
import { createDeploymentsReconciler } from './reconciler.ts';

const name = 'accounts/acme/deployments/d';
let database: TestDatabase;
let queue: ReconcileQueue;
let launcher: Launcher;
let driver: ReconcileDriver;
let folder: string;

// Real database, real queue, real engine processes: only the model is scripted.
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sparkler-reconcile-'));
  database = await openTestDatabase();
  const { db, address } = database;
  await addAccountWithModel(database);
  queue = await openReconcileQueue(address, { works: true, onError: () => undefined });
  launcher = await createChildProcessLauncher({
    socketFolder: folder,
    logFolder: join(folder, 'logs'),
    compileCacheFolder: join(folder, 'compile-cache'),
    timeouts: { startMs: 60_000, healthMs: 15_000, drainMs: 5_000 },
  });
  const weights = createWeights({
    cacheFolder: folder,
    modelsFolder: undefined,
    onProgress: () => undefined,
  });
  let made = 0;
  const deployments = createDeploymentsReconciler({
    db,
    queue,
    launcher,
    weights,
    catalogue: [],
    nodeId: 'n1',
    engine: { runner: 'scripted', threads: 1, cells: 1024, sequences: 2, batchTokens: 64 },
    makeReplicaId: () => `r${++made}`,
    now: Date.now,
    onError: () => undefined,
  });
  driver = startDriver({
    reconcilers: [
      deployments,
      createDeployedModelsReconciler(db, () => Promise.reject(new Error('no addons here'))),
    ],
    queue,
    leadership: createLeadership(address, () => undefined),
    results: createReconcileResults(db),
    log: pino({ level: 'silent' }),
  });
});
afterAll(async () => {
  await driver.close();
  await launcher.close();
  await queue.close();
  await database.close();
  await rm(folder, { recursive: true });
});

/**
 * Changes what is wanted, as a request handler does: raise the generation and ask for a run, in one
 * transaction.
 */
async function want(change: {
  min_replica_count?: number;
  max_replica_count?: number;
  requested_replica_count?: number | null;
  delete_time?: Date | null;
  engine_options?: string;
}): Promise<void> {
  await database.db.transaction().execute(async (transaction) => {
    await transaction
      .updateTable('deployments')
      .set((eb) => ({ ...change, generation: eb('generation', '+', 1) }))
      .where('name', '=', name)
      .execute();
    await queue.request({ kind: 'deployment', name }, transaction);
  });
}

const readDeployment = () =>
  database.db.selectFrom('deployments').selectAll().where('name', '=', name).executeTakeFirstOrThrow();
const readReplicas = async () =>
  (await database.db.selectFrom('replicas').selectAll().orderBy('id').execute()).map(({ id, state }) => ({
    id,
    state,
  }));
const untilState = (state: string, readyCount: number) =>
  expect
    .poll(readDeployment, { timeout: 45_000 })
    .toMatchObject({ observed_state: state, observed_ready_count: readyCount });
const readDeployedModel = () =>
  database.db.selectFrom('deployed_models').select('observed_state').executeTakeFirst();

describe('a deployment', () => {
  test('gets its replica, and its model counts as deployed', async () => {
    await database.db
      .insertInto('deployments')
      .values({
        name,
        account: 'acme',
        base_model: 'accounts/acme/models/m',
        min_replica_count: 1,
        max_replica_count: 2,
      })
      .execute();
    await database.db
      .insertInto('deployed_models')
      .values({
        name: 'accounts/acme/deployedModels/m',
        account: 'acme',
        model: 'accounts/acme/models/m',
        deployment: name,
      })
      .execute();
    await queue.request({ kind: 'deployment', name });
    await untilState('ready', 1);
    expect(await readReplicas()).toEqual([{ id: 'r1', state: 'ready' }]);
    await expect.poll(readDeployedModel, { timeout: 10_000 }).toEqual({ observed_state: 'deployed' });
  });

  test('gets more when more are wanted, and acts on the generation that wanted them', async () => {
    await want({ requested_replica_count: 2 });
    await untilState('ready', 2);
    const row = await readDeployment();
    expect(row.observed_generation).toBe(row.generation);
    expect(await readReplicas()).toHaveLength(2);
  });

  test('gets a replica back that was killed', async () => {
    const [victim] = await launcher.observe(name);
    process.kill(victim!.pid!, 'SIGKILL');
    await expect
      .poll(async () => (await readReplicas()).map(({ id }) => id), { timeout: 45_000 })
      .not.toContain(victim!.id);
    // The deployment may count the dead one for a moment longer.
    await expect.poll(readReplicas, { timeout: 45_000 }).toHaveLength(2);
    await untilState('ready', 2);
  });

  test('goes to sleep at zero replicas, its model stays deployed, and the first request wakes it', async () => {
    await want({ min_replica_count: 0, requested_replica_count: 0 });
    await untilState('asleep', 0);
    await expect.poll(readReplicas, { timeout: 15_000 }).toEqual([]);
    expect(await readDeployedModel()).toEqual({ observed_state: 'deployed' });
    await Promise.all([1, 2, 3].map(() => wakeDeployment(database.db, queue, name)));
    await untilState('ready', 1);
  });

  test('that is to run otherwise gets a new replica before the old one goes', async () => {
    const [old] = await readReplicas();
    const counts: number[] = [];
    await want({ engine_options: JSON.stringify({ cells: 2048 }) });
    await expect
      .poll(
        async () => {
          counts.push((await readDeployment()).observed_ready_count);
          const replicas = await readReplicas();
          return replicas.length === 1 && replicas[0]?.id !== old?.id && replicas[0]?.state === 'ready';
        },
        { timeout: 45_000, interval: 20 },
      )
      .toBe(true);
    expect(Math.min(...counts)).toBe(1);
  });

  test('leaves nothing when it is deleted, and comes back when that is taken back', async () => {
    await want({ delete_time: new Date() });
    await expect
      .poll(async () => (await readDeployment()).observed_state, { timeout: 45_000 })
      .toBe('deleted');
    expect(await readReplicas()).toEqual([]);
    expect(await launcher.observe(name)).toEqual([]);
    await want({ delete_time: null });
    await untilState('ready', 1);
  });
});

test('what was observed of an older generation is not written over a newer one', async () => {
  const { generation } = await readDeployment();
  const observed = { state: 'failed', reason: 'stale', replicaCount: 0, readyCount: 0 } as const;
  expect(await writeDeploymentObserved(database.db, name, generation - 1, observed)).toBe(false);
  expect((await readDeployment()).observed_reason).not.toBe('stale');
});
