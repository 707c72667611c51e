import type { Insertable } from 'kysely';
import type { UsageRecord, UsageSink } from '../inference/metering.ts';
import type { Database } from './database.ts';
import type { UsageTable } from './schema.ts';
import { openUsageSpool, type UsageSpool } from './usage-spool.ts';

export interface RunningUsageSink extends UsageSink {
  /** Stores everything recorded so far. Rejects when the database can't be reached; nothing is lost then. */
  flush(): Promise<void>;
  /** Flushes what it can and stops; what it could not store is stored at the next start. */
  close(): Promise<void>;
}

const flushIntervalMs = 500;
/** 14 columns each; a statement takes 65,535 parameters. */
const rowsPerInsert = 1_000;
/**
 * Records kept in memory when even the spool file can't be written (disk full). More are dropped, and said
 * so.
 */
const unspooledMax = 10_000;

/**
 * Meters through a spool file into the `usage` table, in batches. Records left by an earlier server go first.
 */
export function createUsageSink(
  db: Database,
  folder: string,
  onProblem: (text: string, error?: Error) => void,
): RunningUsageSink {
  const spool = openUsageSpool(folder);
  let unspooled: UsageRecord[] = [];
  let flushing: Promise<void> | null = null;

  function record(usage: UsageRecord): void {
    try {
      spool.append(usage);
    } catch (error) {
      if (unspooled.length >= unspooledMax)
        onProblem(`usage of request ${usage.requestId} was dropped`, error as Error);
      else unspooled.push(usage);
    }
  }

  async function flushAll(): Promise<void> {
    if (unspooled.length > 0) {
      const batch = unspooled;
      await storeRecords(db, batch, onProblem);
      unspooled = unspooled.filter((usage) => !batch.includes(usage));
    }
    await drainSpool(db, spool, onProblem);
  }

  function flush(): Promise<void> {
    flushing ??= flushAll().finally(() => {
      flushing = null;
    });
    return flushing;
  }

  const reportFailure = (error: Error) =>
    onProblem('usage could not be stored yet; it is kept and tried again', error);
  const timer = setInterval(() => flush().catch(reportFailure), flushIntervalMs).unref();
  return {
    record,
    flush,
    async close() {
      clearInterval(timer);
      await flushing?.catch(() => undefined);
      await flush().catch(reportFailure);
      spool.close();
    },
  };
}

async function drainSpool(db: Database, spool: UsageSpool, onProblem: (text: string) => void): Promise<void> {
  for (let file = spool.takeOldest(); file; file = spool.takeOldest()) {
    if (file.damagedLines > 0) onProblem(`${file.damagedLines} cut-off usage lines were skipped`);
    await storeRecords(db, file.records, onProblem);
    file.done();
  }
}

async function storeRecords(
  db: Database,
  records: readonly UsageRecord[],
  onProblem: (text: string, error?: Error) => void,
): Promise<void> {
  for (let start = 0; start < records.length; start += rowsPerInsert) {
    const rows = records.slice(start, start + rowsPerInsert).map(toRow);
    try {
      await insertRows(db, rows);
    } catch (error) {
      if (!isDataError(error)) throw error;
      await insertOneByOne(db, rows, onProblem);
    }
  }
}

async function insertRows(db: Database, rows: Insertable<UsageTable>[]): Promise<void> {
  await db
    .insertInto('usage')
    .values(rows)
    .onConflict((conflict) => conflict.column('request_id').doNothing())
    .execute();
}

/** One record that the table refuses must not hold up all others for ever. */
async function insertOneByOne(
  db: Database,
  rows: Insertable<UsageTable>[],
  onProblem: (text: string, error?: Error) => void,
): Promise<void> {
  for (const row of rows) {
    try {
      await insertRows(db, [row]);
    } catch (error) {
      if (!isDataError(error)) throw error;
      onProblem(`the database refuses the usage of request ${row.request_id}`, error as Error);
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
  };
}
