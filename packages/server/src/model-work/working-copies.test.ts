import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { BlobStore } from '../blobs/blob-store.ts';
import { createEncryptedStore } from '../blobs/encrypted-store.ts';
import { openLocalStore } from '../blobs/local-store.ts';
import { bytes, chunksOf } from '../blobs/testing.ts';
import { listPrefixesInUse } from '../store/models-in-use.ts';
import { openTestDatabase, type TestDatabase } from '../store/testing.ts';
import { collectBlobs } from './collect-blobs.ts';
import type { WeightFacts } from './facts.ts';
import { createWorkingCopies, type WorkingCopies } from './working-copies.ts';

/** Plain copies of encrypted models: who can read them, and how long they are there. */

let database: TestDatabase;
let folder: string;
let blobs: BlobStore;
beforeAll(async () => {
  database = await openTestDatabase();
  const root = await mkdtemp(join(tmpdir(), 'sparkler-copies-'));
  blobs = createEncryptedStore(await openLocalStore(join(root, 'blobs')), async () => bytes('k'.repeat(32)));
  folder = join(root, 'working-copies');
  await database.db.insertInto('accounts').values({ id: 'acme' }).execute();
  return async () => rm(root, { recursive: true });
});
afterAll(() => database.close());

let nowMs: number;
let copies: WorkingCopies;
/** What the converter writes, as readable as files are by default. */
const work = {
  run: async (task: { readonly target?: string }) =>
    writeFile(task.target ?? '', 'converted', { mode: 0o644 }),
};
const start = () => createWorkingCopies(folder, blobs, work as never, () => nowMs);
beforeEach(async () => {
  nowMs = 0;
  copies = start();
  await database.db.deleteFrom('deployments').execute();
});

const prefixOf = (id: string) => `models/acme/${id}/1`;
const signal = AbortSignal.timeout(600_000);

/** A model with files, open on this machine. */
async function open(id: string, format: 'gguf' | 'peft' | 'hugging-face'): Promise<string> {
  await blobs.write(`${prefixOf(id)}/part/weights.gguf`, chunksOf(`weights of ${id}`), null);
  await database.db
    .insertInto('models')
    .values({
      name: `accounts/acme/models/${id}`,
      account: 'acme',
      kind: 'HF_BASE_MODEL',
      state: 'READY',
      blob_prefix: prefixOf(id),
    })
    .onConflict((on) => on.doNothing())
    .execute();
  const facts = { format, file: 'part/weights.gguf' } as unknown as WeightFacts;
  return copies.open({ model: id, blobPrefix: prefixOf(id), facts }, signal);
}

const deploy = (id: string, model: string, details: object = {}) =>
  database.db
    .insertInto('deployments')
    .values({
      name: `accounts/acme/deployments/${id}`,
      account: 'acme',
      base_model: `accounts/acme/models/${model}`,
      details: JSON.stringify(details),
    })
    .execute();

const collect = () => collectBlobs(database.db, blobs, copies);
const modeOf = async (path: string) => (await stat(path)).mode & 0o777;

test('a copy can be read by the user of the server only, made by copying or by converting', async () => {
  const copied = await open('copied', 'gguf');
  const converted = await open('converted', 'hugging-face');
  expect(await readFile(copied, 'utf8')).toBe('weights of copied');
  expect(await readFile(converted, 'utf8')).toBe('converted');
  expect([await modeOf(copied), await modeOf(converted)]).toEqual([0o600, 0o600]);
  for (let at = join(copied, '..'); at.startsWith(folder); at = join(at, '..')) {
    expect(await modeOf(at)).toBe(0o700);
  }
});

test('a copy goes when nothing runs on the model any more, and is made again when something does', async () => {
  const path = await open('served', 'gguf');
  await deploy('d', 'served');
  nowMs += 3_600_000;
  await collect();
  expect(await readFile(path, 'utf8')).toBe('weights of served');
  await database.db.updateTable('deployments').set({ delete_time: new Date() }).execute();
  await collect();
  await expect(stat(path)).rejects.toThrow('ENOENT');
  expect(await open('served', 'gguf')).toBe(path);
  // What it was opened for may not be there yet.
  await collect();
  expect(await readFile(path, 'utf8')).toBe('weights of served');
});

test('drafts, loaded addons and the bases of addons are in use', async () => {
  for (const id of ['target', 'draft', 'addon', 'base', 'other']) await open(id, 'gguf');
  await deploy('d', 'target', { draftModel: 'accounts/acme/models/draft' });
  await database.db
    .updateTable('models')
    .set({ peft_details: JSON.stringify({ baseModel: 'accounts/acme/models/base' }) })
    .where('name', '=', 'accounts/acme/models/addon')
    .execute();
  await database.db
    .insertInto('deployed_models')
    .values({
      name: 'accounts/acme/deployedModels/one',
      account: 'acme',
      model: 'accounts/acme/models/addon',
      deployment: 'accounts/acme/deployments/d',
    })
    .execute();
  const used = await listPrefixesInUse(database.db);
  expect([...used].sort()).toEqual(['addon', 'base', 'draft', 'target'].map(prefixOf));
});

test('a start removes what an earlier server left, but for what is still deployed', async () => {
  const [left, kept] = [await open('left', 'hugging-face'), await open('kept', 'hugging-face')];
  await deploy('k', 'kept');
  await writeFile(join(folder, 'half.scratch'), 'half');
  copies = start();
  await copies.removeUnfinished();
  await collect();
  expect(await readFile(kept, 'utf8')).toBe('converted');
  await expect(stat(left)).rejects.toThrow('ENOENT');
  const names = await readdir(folder);
  expect(names.filter((name) => !name.endsWith('.lock')).length).toBeGreaterThan(0);
  expect(names).not.toContain('half.scratch');
});
