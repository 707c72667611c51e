import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type GuideLine, guideLines, waitingLines } from './guide-lines.ts';
import { type GuideServer, startGuideServer } from './start-guide-server.ts';

let server: GuideServer;

beforeAll(async () => {
  server = await startGuideServer();
});
afterAll(() => server?.stop());

/** Id of the model on `my-deployment`. */
async function findDeployed(): Promise<string> {
  const { out } = await server.run('list deployed-models -o json');
  const items = JSON.parse(out) as { name: string; deployment: string; model: string }[];
  const found = items.find(
    ({ deployment, model }) => deployment.endsWith('/my-deployment') && model.endsWith('/my-model'),
  );
  return found?.name.split('/').at(-1) ?? 'none';
}

async function runLine({ documented, run = documented, shows, code = 0 }: GuideLine): Promise<string[]> {
  const line = run.includes('{deployed}') ? run.replace('{deployed}', await findDeployed()) : run;
  const result = await server.run(line);
  const text = `${result.out}${result.note}`;
  const wrong = result.code !== code || !shows.test(text);
  return wrong ? [`firectl ${line}: ${result.code} instead of ${code}, or not ${shows}:\n${text}`] : [];
}

test('every line of the guides does and shows what the guide says', { timeout: 240_000 }, async () => {
  const problems: string[] = [];
  for (const line of guideLines) problems.push(...(await runLine(line)));
  expect(problems.join('\n')).toBe('');
  const original = await readFile(join(server.folder, 'model', 'model.safetensors'));
  expect(await readFile(join(server.folder, 'download-1', 'model.safetensors'))).toEqual(original);
});

test('lines of resources that are not served yet fail with a clear error', async () => {
  const problems: string[] = [];
  for (const line of waitingLines) problems.push(...(await runLine(line)));
  expect(problems.join('\n')).toBe('');
});
