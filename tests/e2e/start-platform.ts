import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import OpenAI from 'openai';
import { pino } from 'pino';
import { type RunningServer, startServer } from '../../packages/server/src/main.ts';
import { loadSettings } from '../../packages/server/src/settings-load.ts';

/** A whole server with its own database, data folder and engine replica, for tests with stock clients. */
export interface Platform {
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly dataFolder: string;
  readonly server: RunningServer;
  /** Everything the server logged, one JSON line each. */
  readonly logLines: string[];
  readonly openai: OpenAI;
  /** Stops the server; the data folder stays for a look until `remove`. */
  stop(): Promise<void>;
  remove(): Promise<void>;
}

/** Settings are given as SPARKLER_* variables; the environment of the test run is not read. */
export async function startPlatform(variables: Readonly<Record<string, string>> = {}): Promise<Platform> {
  const dataFolder = await mkdtemp(join(tmpdir(), 'sparkler-e2e-'));
  const { settings } = loadSettings({
    SPARKLER_DATA: dataFolder,
    SPARKLER_PORT: '0',
    SPARKLER_RUNNER: 'scripted',
    SPARKLER_ENGINE_THREADS: '1',
    ...variables,
  });
  const logLines: string[] = [];
  const log = pino({ level: 'trace' }, { write: (line: string) => void logLines.push(line) });
  const server = await startServer(settings, { log });
  const apiKey = readFileSync(server.apiKeyFile, 'utf8').trim();
  const baseUrl = server.baseUrl!;
  const openai = new OpenAI({ apiKey, baseURL: `${baseUrl}/inference/v1`, maxRetries: 0 });
  await server.whenServing(server.defaultModel!, AbortSignal.timeout(60_000));
  return {
    baseUrl,
    apiKey,
    dataFolder,
    server,
    logLines,
    openai,
    stop: () => server.close(),
    remove: () => rm(dataFolder, { recursive: true, force: true }),
  };
}
