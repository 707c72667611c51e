import { CompiledQuery } from 'kysely';
import type pg from 'pg';
import { type Db as BossDatabase, PgBoss } from 'pg-boss';
import { type DatabaseAddress, type DatabaseOrTransaction, openPool } from './database.ts';
import { keepListening } from './notices.ts';

/** What is to be looked at: never what changed. The reconciler reads that for itself. */
export interface ReconcileRequest {
  readonly kind: string;
  readonly name: string;
}

export interface ReconcileQueue {
  /**
   * Asks that a resource be looked at soon. Inside a transaction the request commits with it. Requests for
   * one resource that have not begun are one request.
   */
  request(request: ReconcileRequest, within?: DatabaseOrTransaction): Promise<void>;
  /** Starts taking requests; one run per resource at a time. Runs that a dead worker began are repeated. */
  work(run: (request: ReconcileRequest) => Promise<void>): Promise<void>;
  /** Stops taking requests and waits for the runs that began. */
  pause(): Promise<void>;
  close(): Promise<void>;
}

const queueName = 'reconcile';
const connectionsMax = 4;
/** Runs are short (they start things, they don't wait for them), so a few at once are plenty. */
const runsMax = 4;
/** Waiting, running and just finished ones; finished ones are dropped after a minute. */
const leftRunsMax = 100_000;

/** Opens the queue. `works` says whether this process also takes requests, and so keeps the queue tidy. */
export async function openReconcileQueue(
  address: DatabaseAddress,
  options: { readonly works: boolean; readonly onError: (error: Error) => void },
): Promise<ReconcileQueue> {
  let closing = false;
  const onError = (error: Error) => {
    if (!closing) options.onError(new Error(error.message));
  };
  const { pool, end } = openPool(address, connectionsMax, onError);
  const boss = new PgBoss({
    db: createBossDatabase(address, pool, onError),
    schema: 'pgboss',
    schedule: false,
    supervise: options.works,
    useListenNotify: options.works,
    registerInstance: false,
  });
  boss.on('error', onError);
  await boss.start();
  await boss.createQueue(queueName, {
    // At most one waiting and one running for each singletonKey.
    policy: 'stately',
    notify: true,
    // The driver repeats failed runs itself, with a back-off that a new request cuts short.
    retryLimit: 0,
    expireInSeconds: 300,
    deleteAfterSeconds: 60,
  });
  async function request({ kind, name }: ReconcileRequest, within?: DatabaseOrTransaction): Promise<void> {
    const options = { singletonKey: `${kind}:${name}`, ...(within ? { db: toBossDatabase(within) } : {}) };
    await boss.send(queueName, { kind, name }, options);
  }
  return {
    request,
    async work(run) {
      for (const left of await takeLeftRuns(boss)) await request(left);
      const pace = { localConcurrency: runsMax, pollingIntervalSeconds: 1, notifyPollingIntervalSeconds: 10 };
      await boss.work<ReconcileRequest>(queueName, pace, async (jobs) => {
        for (const job of jobs) await run(job.data);
      });
    },
    pause: () => boss.offWork(queueName, { wait: true }),
    async close() {
      closing = true;
      await boss.stop({ graceful: true, timeout: 5_000 });
      await end();
    },
  };
}

/** Only the leader works, so a run that counts as active before it begins was a dead leader's. */
async function takeLeftRuns(boss: PgBoss): Promise<ReconcileRequest[]> {
  const jobs = await boss.findJobs<ReconcileRequest>(queueName, { limit: leftRunsMax });
  const left = jobs.filter((job) => job.state === 'active');
  if (left.length > 0)
    await boss.deleteJob(
      queueName,
      left.map((job) => job.id),
    );
  return left.map((job) => job.data);
}

/**
 * Our own connections rather than the library's: it leaves some of its connections without a listener for
 * errors, so that losing Postgres at the wrong moment would end the process.
 */
function createBossDatabase(
  address: DatabaseAddress,
  pool: pg.Pool,
  onError: (error: Error) => void,
): BossDatabase {
  return {
    executeSql: (text, values) => pool.query(text, values),
    async listen(channel, onNotification, onReconnect) {
      return keepListening(address, {
        channels: [channel],
        onNotice: (_channel, payload) => onNotification(payload),
        onConnected: onReconnect,
        onError,
      });
    },
  };
}

/** A transaction as the library takes it. */
function toBossDatabase(db: DatabaseOrTransaction): BossDatabase {
  return {
    async executeSql(text, values = []) {
      const { rows } = await db.executeQuery<Record<string, unknown>>(CompiledQuery.raw(text, values));
      return { rows };
    },
  };
}
