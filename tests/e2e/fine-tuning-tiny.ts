import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeTinyModel } from '@sparkler/llama';
import { expect } from 'vitest';
import { Fireworks } from '../../packages/sdk/src/index.ts';
import { type OpenDatabase, openDatabase } from '../../packages/server/src/store/database.ts';
import { type Platform, startPlatform } from './start-platform.ts';

/** A server with fine-tuning jobs, as a test sees it. */
export interface TuningServer {
  readonly client: Fireworks;
  readonly account: string;
  readonly database: OpenDatabase;
  /** Makes a ready dataset of chats. */
  upload(id: string, lines: readonly string[]): Promise<void>;
  /** Polls until a job is in one of the states. */
  waitFor(job: string, ...states: string[]): Promise<Job>;
  /** Bytes of the adapter that a job made. */
  readAdapter(model: string): Promise<Buffer>;
  jobFolder(id: string): string;
}

/** A server whose default model is a random one of a few hundred kB: fine-tuning jobs take seconds. */
export interface TinyTuning extends TuningServer {
  readonly platform: Platform;
  stop(): Promise<void>;
}

export interface TinyCatalogue {
  readonly folder: string;
  readonly variables: Readonly<Record<string, string>>;
}

type Job = Awaited<ReturnType<Fireworks['supervisedFineTuningJobs']['get']>>;

export const tinyBase = 'accounts/fireworks/models/tiny';
export const parameters = 2_000_000_000;

const restStates = ['COMPLETED', 'FAILED', 'CANCELLED', 'EARLY_STOPPED'].map((word) => `JOB_STATE_${word}`);

/** Chats of `count` different questions with one answer. */
export function makeChats(count: number, answer = 'aye aye'): string[] {
  return Array.from({ length: count }, (_, index) =>
    JSON.stringify({
      messages: [
        { role: 'user', content: `question ${index}` },
        { role: 'assistant', content: answer },
      ],
    }),
  );
}

/** Files of the model and the catalogue that names it, in a new folder; and the settings for them. */
export async function writeTinyCatalogue(): Promise<TinyCatalogue> {
  const folder = await mkdtemp(join(tmpdir(), 'sparkler-tiny-'));
  await mkdir(join(folder, 'models'));
  const path = join(folder, 'models', 'tiny.gguf');
  await writeTinyModel(path, { contextTokens: 2048 });
  const sha256 = createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
  const entry = {
    name: 'tiny',
    displayName: 'Tiny',
    aliases: [],
    kind: 'chat',
    format: 'gguf',
    parameters,
    contextTokens: 2048,
    quantization: null,
    chatTemplate: null,
    supportsTools: false,
    priceClass: 'text-up-to-4b',
    licence: { name: 'Apache-2.0', url: 'https://example.com/licence', gated: false },
    files: [{ path: 'tiny.gguf', sha256, sizeBytes: null }],
    sources: [{ kind: 'folder', path: join(folder, 'models') }],
  };
  await writeFile(join(folder, 'catalogue.json'), JSON.stringify([entry]));
  return {
    folder,
    variables: {
      SPARKLER_CATALOGUE: join(folder, 'catalogue.json'),
      SPARKLER_CACHE: join(folder, 'cache'),
      SPARKLER_MODEL: 'tiny',
      SPARKLER_RUNNER: 'llama-cpp',
      SPARKLER_ENGINE_CELLS: '1024',
    },
  };
}

/** Starts the server; `variables` are further settings. */
export async function startTinyTuning(variables: Readonly<Record<string, string>> = {}): Promise<TinyTuning> {
  const tiny = await writeTinyCatalogue();
  const platform = await startPlatform({ ...tiny.variables, ...variables });
  const tuning = await connectTuning(platform);
  return {
    ...tuning,
    platform,
    async stop() {
      await tuning.database.close();
      await platform.stop();
      await platform.remove();
      await rm(tiny.folder, { recursive: true, force: true });
    },
  };
}

type Address = Pick<Platform, 'baseUrl' | 'apiKey' | 'dataFolder'>;

/** A client of a server that runs, and its database. Close that before the server stops. */
export async function connectTuning(server: Address): Promise<TuningServer> {
  const client = new Fireworks({ apiKey: server.apiKey, baseURL: server.baseUrl });
  const account = await client.resources.account();
  const socketFolder = join(server.dataFolder, 'run', 'pg');
  const database = openDatabase({ socketFolder, user: 'sparkler', database: 'postgres' }, () => undefined);
  return {
    client,
    account,
    database,
    upload: (id, lines) => uploadDataset(client, server, account, id, lines),
    waitFor: (job, ...states) => waitForState(client, job, states),
    async readAdapter(model) {
      const { filenameToSignedUrls: urls = {} } = await client.models.getDownloadEndpoint(model);
      const [, url] = Object.entries(urls).find(([name]) => name.endsWith('adapter_model.safetensors'))!;
      return Buffer.from(await (await fetch(url)).arrayBuffer());
    },
    jobFolder: (id) => join(server.dataFolder, 'jobs', account, id),
  };
}

async function uploadDataset(
  client: Fireworks,
  { baseUrl, apiKey }: Address,
  account: string,
  id: string,
  lines: readonly string[],
): Promise<void> {
  const dataset = { userUploaded: {}, exampleCount: String(lines.length), format: 'CHAT' as const };
  await client.datasets.create({ dataset, datasetId: id });
  const form = new FormData();
  form.append('file', new Blob([`${lines.join('\n')}\n`]), 'data.jsonl');
  const response = await fetch(`${baseUrl}/v1/accounts/${account}/datasets/${id}:upload`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}` },
    body: form,
  });
  expect(response.status, await response.text()).toBe(200);
}

async function waitForState(client: Fireworks, name: string, states: readonly string[]) {
  let job: Job | null = null;
  await expect
    .poll(
      async () => {
        job = await client.supervisedFineTuningJobs.get(name);
        const state = String(job.state);
        if (states.includes(state)) return true;
        if (restStates.includes(state)) throw new Error(`${name} is ${state}: ${job.status?.message}`);
        return false;
      },
      { timeout: 120_000, interval: 100 },
    )
    .toBe(true);
  return job!;
}

/** Events of a job's trainer, as its folder has them. */
export async function readTrainerEvents(
  folder: string,
): Promise<{ type: string; pid?: number; step?: number; resumedFromStep?: number | null }[]> {
  const text = await readFile(join(folder, 'events.jsonl'), 'utf8').catch(() => '');
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}
