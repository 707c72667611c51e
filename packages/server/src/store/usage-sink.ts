import type { Insertable, Transaction } from 'kysely';
import type { UsageRecord, UsageSink } from '../inference/metering.ts';
import type { Database } from './database.ts';
import type { Schema, UsageTable } from './schema.ts';
import { openUsageSpool, type UsageSpool } from './usage-spool.ts';

export interface RunningUsageSink extends UsageSink {
  /** Stores everything recorded so far. Rejects when the database can't be reached; nothing is lost then. */
  flush(): Promise<void>;
  /** Flushes what it can and stops; what it could not store is stored at the next start. */
  close(): Promise<void>;
}

export interface UsageSinkOptions {
  /** Private folder of the spool. */
  readonly folder: string;
  readonly onProblem: (text: string, error?: Error) => void;
  /**
   * Runs in the transaction that stores records, with those that were not stored before: what is counted from
   * usage is then counted exactly once.
   */
  readonly afterInsert?: (transaction: Transaction<Schema>, stored: readonly UsageRecord[]) => Promise<void>;
}

const flushIntervalMs = 500;
/** While the database refuses, tries become rarer. */
const retryDelayMaxMs = 30_000;
/** 16 columns each; a statement takes 65,535 parameters. */
const rowsPerInsert = 1_000;
/** Records kept in memory when even the spool can't be written (disk full). More are dropped, and said so. */
const unspooledMax = 10_000;

/**
 * Meters through a spool file into the `usage` table, in batches. Records left by an earlier server go first.
 */
export function createUsageSink(db: Database, options: UsageSinkOptions): RunningUsageSink {
  const { onProblem } = options;
  const spool = openUsageSpool(options.folder);
  let unspooled: UsageRecord[] = [];
  let flushing: Promise<void> | null = null;
  let closed = false;
  let timer = setTimeout(tick, flushIntervalMs).unref();

  function record(usage: UsageRecord): void {
    try {
      spool.append(usage);
    } catch (error) {
      if (unspooled.length < unspooledMax) unspooled.push(usage);
      else onProblem(`usage of request ${usage.requestId} was dropped`, error as Error);
    }
  }

  async function flushAll(): Promise<void> {
    const batch = unspooled;
    unspooled = [];
    try {
      await storeRecords(db, batch, options);
    } catch (error) {
      unspooled = [...batch, ...unspooled];
      throw error;
    }
    await drainSpool(db, spool, options);
  }

  function flush(): Promise<void> {
    flushing ??= flushAll().finally(() => {
      flushing = null;
    });
    return flushing;
  }

  let delayMs = flushIntervalMs;
  async function tick(): Promise<void> {
    try {
      await flush();
      delayMs = flushIntervalMs;
    } catch (error) {
      onProblem('usage could not be stored yet; it is kept and tried again', error as Error);
      delayMs = Math.min(delayMs * 2, retryDelayMaxMs);
    }
    if (!closed) timer = setTimeout(tick, delayMs).unref();
  }

  return {
    record,
    flush,
    async close() {
      closed = true;
      clearTimeout(timer);
      await flushing?.catch(() => undefined);
      const waits = 'usage could not be stored; the next start stores what is in the spool';
      await flush().catch((error: Error) => onProblem(waits, error));
      spool.close();
    },
  };
}

async function drainSpool(db: Database, spool: UsageSpool, options: UsageSinkOptions): Promise<void> {
  for (let file = spool.takeOldest(); file; file = spool.takeOldest()) {
    if (file.damagedLines > 0) options.onProblem(`${file.damagedLines} cut-off usage lines were skipped`);
    await storeRecords(db, file.records, options);
    file.done();
  }
}

/** Stores records as rows, each once however often it comes. Rejects when the database can't be reached. */
export async function storeRecords(
  db: Database,
  records: readonly UsageRecord[],
  options: Omit<UsageSinkOptions, 'folder'>,
): Promise<void> {
  for (let start = 0; start < records.length; start += rowsPerInsert) {
    const batch = records.slice(start, start + rowsPerInsert);
    try {
      await insertRecords(db, batch, options);
    } catch (error) {
      if (!isDataError(error)) throw error;
      await insertOneByOne(db, batch, options);
    }
  }
}

async function insertRecords(
  db: Database,
  records: readonly UsageRecord[],
  { afterInsert }: Omit<UsageSinkOptions, 'folder'>,
): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    // In one order: two that store the same records must not wait for each other in a ring.
    const inserted = await transaction
      .insertInto('usage')
      .values(records.map(toRow).sort((a, b) => (a.request_id < b.request_id ? -1 : 1)))
      .onConflict((conflict) => conflict.column('request_id').doNothing())
      .returning('request_id')
      .execute();
    const ids = new Set(inserted.map((row) => row.request_id));
    await afterInsert?.(
      transaction,
      records.filter((usage) => ids.delete(usage.requestId)),
    );
  });
}

/** One record that the table refuses must not hold up all others for ever. */
async function insertOneByOne(
  db: Database,
  records: readonly UsageRecord[],
  options: Omit<UsageSinkOptions, 'folder'>,
): Promise<void> {
  for (const usage of records) {
    try {
      await insertRecords(db, [usage], options);
    } catch (error) {
      if (!isDataError(error)) throw error;
      options.onProblem(`the database refuses the usage of request ${usage.requestId}`, error as Error);
    }
  }
}

/** SQLSTATE classes 22 (data exception) and 23 (constraint): trying again can't help. */
function isDataError(error: unknown): boolean {
  return /^2[23]/.test(String((error as { code?: unknown }).code));
}

function toRow(usage: UsageRecord): Insertable<UsageTable> {
  return {
    request_id: usage.requestId,
    account: usage.account,
    user_name: usage.user,
    api_key_id: usage.apiKeyId,
    model: usage.model,
    deployment: usage.deployment,
    endpoint: usage.endpoint,
    prompt_tokens: usage.promptTokens,
    cached_prompt_tokens: usage.cachedPromptTokens,
    completion_tokens: usage.completionTokens,
    status: usage.status,
    start_time: new Date(usage.startTimeMs),
    first_token_ms: usage.firstTokenMs === null ? null : Math.round(usage.firstTokenMs),
    duration_ms: Math.round(usage.durationMs),
    cost_nanos: usage.costNanos ?? 0,
    period: usage.period ?? '',
  };
}
