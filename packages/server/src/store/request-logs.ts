import { sql } from 'kysely';
import type { LoggedRequest, RequestLog } from '../inference/request-log.ts';
import type { Database } from './database.ts';

/** How long texts are kept. */
const keptDays = 30;
const tidyEveryMs = 3_600_000;
/** Texts on their way to the database; while it is away, more are dropped rather than fill memory. */
const pendingBytesMax = 64 * 1024 * 1024;

export interface StoredRequestLog extends RequestLog {
  /** Waits for what is being written, and stops. */
  close(): Promise<void>;
}

/** Prompts and answers of accounts that asked for it, in the table `request_logs`. */
export function createRequestLog(db: Database, onProblem: (error: Error) => void): StoredRequestLog {
  let pendingBytes = 0;
  const writing = new Set<Promise<void>>();
  async function write({ requestId, timeMs, ...entry }: LoggedRequest): Promise<void> {
    const row = { ...entry, request_id: requestId, time: new Date(timeMs) };
    // Postgres has no NUL in texts; JSON escapes it anyway.
    const values = { ...row, answer: row.answer.replaceAll('\0', '') };
    await db
      .insertInto('request_logs')
      .values(values)
      .onConflict((on) => on.doNothing())
      .execute();
  }
  const tidy = async () => {
    await sql`delete from request_logs where time < now() - make_interval(days => ${keptDays})`.execute(db);
  };
  const timer = setInterval(() => tidy().catch(onProblem), tidyEveryMs).unref();
  return {
    record(entry) {
      const bytes = entry.request.length + entry.answer.length;
      if (pendingBytes + bytes > pendingBytesMax) {
        onProblem(new Error(`the text of request ${entry.requestId} was dropped: the database is behind`));
        return;
      }
      pendingBytes += bytes;
      const done: Promise<void> = write(entry)
        .catch(onProblem)
        .finally(() => {
          pendingBytes -= bytes;
          writing.delete(done);
        });
      writing.add(done);
    },
    async find(account, requestId) {
      const row = await db
        .selectFrom('request_logs')
        .selectAll()
        .where('request_id', '=', requestId)
        .where('account', '=', account)
        .executeTakeFirst();
      if (row === undefined) return null;
      const { model, endpoint, request, answer } = row;
      return { requestId, account, model, endpoint, timeMs: row.time.getTime(), request, answer };
    },
    async close() {
      clearInterval(timer);
      await Promise.all(writing);
    },
  };
}
