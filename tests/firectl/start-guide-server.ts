import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeTinyCheckpoint, writeTinyPeftFolder } from '@sparkler/llama';
import { firectl, type Run } from '../../packages/cli/src/testing.ts';
import { type Platform, startPlatform } from '../e2e/start-platform.ts';

/** A line that waits longer than this is stuck: it ends as if by Ctrl-C, and the test says which it was. */
const lineTimeoutMs = 45_000;

/** A server, files such as a reader of the guides has, and firectl pointed at it. */
export interface GuideServer {
  readonly platform: Platform;
  /** Where the model, the adapter, the dataset and downloads lie. */
  readonly folder: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Runs one line; `{model}` and the like are replaced by paths. */
  run(line: string): Promise<Run>;
  stop(): Promise<void>;
}

export async function startGuideServer(): Promise<GuideServer> {
  const platform = await startPlatform();
  const folder = join(platform.dataFolder, 'guides');
  await mkdir(folder);
  const places: Record<string, string> = {
    folder,
    key: platform.apiKey,
    model: join(folder, 'model'),
    adapter: join(folder, 'adapter'),
    dataset: join(folder, 'Training_dataset.jsonl'),
  };
  await writeTinyCheckpoint(places.model!);
  const shape = { dim: 64, layers: 3, heads: 8, kvHeads: 2, feedForward: 96 };
  await writeTinyPeftFolder(places.adapter!, { ...shape, rank: 8, alpha: 16 });
  const turn = {
    messages: [
      { role: 'user', content: 'a' },
      { role: 'assistant', content: 'b' },
    ],
  };
  await writeFile(places.dataset!, `${JSON.stringify(turn)}\n`.repeat(5));
  const environment = {
    FIREWORKS_API_KEY: platform.apiKey,
    FIREWORKS_API_BASE: platform.baseUrl,
    FIREWORKS_CONFIG_DIR: join(folder, 'config'),
  };
  return {
    platform,
    folder,
    environment,
    run: (line) =>
      firectl(splitLine(line, places), environment, [platform.apiKey], AbortSignal.timeout(lineTimeoutMs)),
    stop: async () => {
      await platform.stop();
      await platform.remove();
    },
  };
}

/** Words as a shell has them: quotes hold spaces together and go. */
function splitLine(line: string, places: Readonly<Record<string, string>>): string[] {
  const filled = line.replaceAll(/\{(\w+)\}/g, (whole, key: string) => places[key] ?? whole);
  return (filled.match(/(?:[^\s"]|"[^"]*")+/g) ?? []).map((word) => word.replaceAll('"', ''));
}
