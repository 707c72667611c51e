import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { collectBlobs } from '../model-work/collect-blobs.ts';
import { createBlobClaims } from '../store/blob-claims.ts';
import { insertModel, readModel } from '../store/models.ts';
import { openTestDatabase, type TestDatabase } from '../store/testing.ts';
import type { BlobStore } from './blob-store.ts';
import { openLocalStore } from './local-store.ts';
import { writeClaimed } from './write-claimed.ts';

let database: TestDatabase;
let folder: string;
let blobs: BlobStore;

beforeAll(async () => {
  database = await openTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'sparkler-claims-'));
  blobs = await openLocalStore(folder);
  await database.db.insertInto('accounts').values({ id: 'acme' }).execute();
});
afterAll(async () => {
  await database.close();
  await rm(folder, { recursive: true });
});

const prefix = 'models/acme/m/1';
const noCopies = {
  open: async () => '',
  remove: async () => undefined,
  removeUnfinished: async () => undefined,
  removeUnused: async () => undefined,
};
const collect = () => collectBlobs(database.db, blobs, noCopies);
const claimsOf = (node: string) => createBlobClaims(database.db, node);

async function* content() {
  yield Buffer.from('weights');
}
const write = () => blobs.write(`${prefix}/f`, content(), null);
/** As a server that dies after its last byte and before it names the files. */
const writeAndDie = async (node: string, told?: { model: string; cutMessage: string }) => {
  await claimsOf(node).make({ prefix, ...(told === undefined ? {} : { told }) });
  await write();
};
const kept = async () => (await blobs.list(prefix)).length;
const listClaims = () => database.db.selectFrom('blob_claims').selectAll().execute();

test('files that were named stay, whatever is taken back', async () => {
  const claims = claimsOf('a');
  await writeClaimed({ blobs, claims }, { prefix }, async (release) => {
    await write();
    await database.db.transaction().execute(release);
  });
  await claims.dropOwn();
  await collect();
  expect(await kept()).toBe(1);
  await blobs.removeAll(prefix);
});

test('work that fails leaves no files and no claim', async () => {
  const failing = writeClaimed({ blobs, claims: claimsOf('a') }, { prefix }, async (release) => {
    await write();
    // The claim is released in a transaction that does not come to its end.
    await database.db.transaction().execute(async (transaction) => {
      await release(transaction);
      throw new Error('no');
    });
  });
  await expect(failing).rejects.toThrow('no');
  expect(await kept()).toBe(0);
  expect(await listClaims()).toEqual([]);
  await collect();
});

test('a server that died leaves files, which its next start takes back and nobody else’s', async () => {
  const name = 'accounts/acme/models/m';
  await insertModel(database.db, 'acme', { name, state: 'UPLOADING' });
  await writeAndDie('a', { model: name, cutMessage: 'cut off' });
  await claimsOf('b').dropOwn();
  await collect();
  expect(await kept()).toBe(1);
  await claimsOf('a').dropOwn();
  await collect();
  expect(await kept()).toBe(0);
  expect((await readModel(database.db, name))?.resource).toMatchObject({
    state: 'UPLOADING',
    status: { code: 'ABORTED', message: 'cut off' },
  });
});

test('the claims of a server that never comes back are taken back by others, of one that renews they are not', async () => {
  await writeAndDie('gone');
  await database.pool.query(`update blob_claims set renew_time = now() - interval '10 minutes'`);
  await claimsOf('b').make({ prefix: 'models/acme/m/2' });
  await claimsOf('b').renew();
  await claimsOf('b').dropSilent(300_000);
  await collect();
  expect(await kept()).toBe(0);
  expect((await listClaims()).map((claim) => claim.prefix)).toEqual(['models/acme/m/2']);
});

test('a server that was taken for dead and goes on names nothing, and its files go', async () => {
  const claims = claimsOf('c');
  const late = writeClaimed({ blobs, claims }, { prefix }, async (release) => {
    await claims.dropOwn();
    await collect();
    await write();
    await database.db.transaction().execute(release);
  });
  await expect(late).rejects.toMatchObject({ name: 'ClaimLostError', code: 'ABORTED' });
  expect(await kept()).toBe(0);
});
