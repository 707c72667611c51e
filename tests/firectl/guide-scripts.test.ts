import { afterAll, beforeAll, expect, test } from 'vitest';
import { guideScripts } from './guide-scripts.ts';
import { type GuideServer, startGuideServer } from './start-guide-server.ts';

let server: GuideServer;

beforeAll(async () => {
  server = await startGuideServer();
});
afterAll(() => server?.stop());

/** `{deployed:<model>}` is the deployed model's id, which the guide tells the reader to look up. */
async function fillDeployed(line: string): Promise<string> {
  const [whole, model] = /\{deployed:([a-z-]+)\}/.exec(line) ?? [];
  if (whole === undefined) return line;
  const { out } = await server.run('list deployed-models -o json');
  const found = (JSON.parse(out) as { name: string; model: string }[]).find((item) =>
    item.model.endsWith(`/${model}`),
  );
  return line.replace(whole, found?.name.split('/').at(-1) ?? 'none');
}

test.each(guideScripts)('$guide', { timeout: 180_000 }, async ({ lines }) => {
  for (const { run, shows = /^/ } of lines) {
    const { code, out, note } = await server.run(await fillDeployed(run));
    expect({ run, code, text: `${out}${note}` }).toEqual({
      run,
      code: 0,
      text: expect.stringMatching(shows),
    });
  }
});
