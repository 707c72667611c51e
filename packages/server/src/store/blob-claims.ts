import { ApiError } from '@sparkler/api';
import { sql } from 'kysely';
import { requestBlobDeletion } from './blob-deletions.ts';
import type { Database, DatabaseOrTransaction } from './database.ts';
import { lockModel, updateModel } from './models.ts';

export interface NewClaim {
  /** Blobs below it are written, and named by no resource yet. */
  readonly prefix: string;
  /** The model that waits for them, and what its status is to tell when they do not come. */
  readonly told?: { readonly model: string; readonly cutMessage: string };
}

/** The claims of one server to blobs that it is writing. */
export interface BlobClaims {
  /** Before the first blob is written. */
  make(claim: NewClaim, within?: DatabaseOrTransaction): Promise<void>;
  /** In the transaction that names the blobs. Throws ClaimLostError. */
  release(prefix: string, within: DatabaseOrTransaction): Promise<void>;
  /** Gives a claim up; the blobs are to go. False: there is none, as when a resource names them by now. */
  drop(prefix: string): Promise<boolean>;
  /** Says that this server still lives. */
  renew(): Promise<void>;
  /**
   * Takes back what this server claimed in an earlier life: to be called once, before it claims anything.
   */
  dropOwn(): Promise<void>;
  /** Takes back what servers claimed that have not renewed for `silenceMs`. */
  dropSilent(silenceMs: number): Promise<void>;
}

/** A claim was taken back while its server still wrote: the blobs are going or gone. */
export class ClaimLostError extends ApiError {
  override readonly name = 'ClaimLostError';

  constructor() {
    super('ABORTED', 'the server was silent for so long that its work was taken for lost; begin it again');
  }
}

export function createBlobClaims(db: Database, node: string): BlobClaims {
  return {
    async make({ prefix, told }, within = db) {
      await within
        .insertInto('blob_claims')
        .values({ prefix, node, model: told?.model ?? '', cut_message: told?.cutMessage ?? '' })
        .execute();
    },
    async release(prefix, within) {
      if (!(await deleteClaim(within, prefix))) throw new ClaimLostError();
    },
    drop: (prefix) =>
      db.transaction().execute(async (transaction) => {
        if (!(await deleteClaim(transaction, prefix))) return false;
        await requestBlobDeletion(transaction, prefix);
        return true;
      }),
    async renew() {
      await db
        .updateTable('blob_claims')
        .set({ renew_time: sql<Date>`now()` })
        .where('node', '=', node)
        .execute();
    },
    dropOwn: () => dropClaims(db, sql<boolean>`node = ${node}`),
    dropSilent: (silenceMs) =>
      dropClaims(db, sql<boolean>`renew_time < now() - ${silenceMs} * interval '1 millisecond'`),
  };
}

async function deleteClaim(db: DatabaseOrTransaction, prefix: string): Promise<boolean> {
  const deleted = await db.deleteFrom('blob_claims').where('prefix', '=', prefix).executeTakeFirst();
  return Number(deleted.numDeletedRows) > 0;
}

/** One by one: each with its model in a transaction of its own, locked in the order of all other writers. */
async function dropClaims(db: Database, which: ReturnType<typeof sql<boolean>>): Promise<void> {
  const claims = await db.selectFrom('blob_claims').selectAll().where(which).execute();
  for (const { prefix, model, cut_message } of claims) {
    await db.transaction().execute(async (transaction) => {
      const waiting = model === '' ? null : await lockModel(transaction, model);
      const dropped = await transaction
        .deleteFrom('blob_claims')
        .where('prefix', '=', prefix)
        .where(which)
        .executeTakeFirst();
      if (Number(dropped.numDeletedRows) === 0) return;
      await requestBlobDeletion(transaction, prefix);
      if (waiting === null || waiting.resource.state === 'READY') return;
      const status = { code: 'ABORTED' as const, message: cut_message };
      await updateModel(transaction, { ...waiting.resource, status });
    });
  }
}
