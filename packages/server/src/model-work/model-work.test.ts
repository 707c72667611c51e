import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createModelWork, ModelRefusedError } from './model-work.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sparkler-work-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** A process that does something else with its task than it should. */
async function programOf(name: string, source: string): Promise<string> {
  const path = join(folder, `${name}.mjs`);
  await writeFile(path, source);
  return path;
}

const check = { task: 'check-config', config: '{}' } as const;

describe('work on a model', () => {
  test('is refused with the problems that the process tells', async () => {
    const running = createModelWork().run({ task: 'check-model', folder, name: 'm' });
    await expect(running).rejects.toBeInstanceOf(ModelRefusedError);
    await expect(running).rejects.toMatchObject({
      problems: expect.arrayContaining([
        { file: 'config.json', message: expect.stringContaining('is missing') },
      ]),
    });
  });

  test('that ends its process is a fault of the files, not of the server', async () => {
    const program = await programOf(
      'crash',
      'process.kill(process.pid, "SIGSEGV"); setInterval(() => {}, 1000);',
    );
    const running = createModelWork(program).run(check);
    await expect(running).rejects.toBeInstanceOf(ModelRefusedError);
    await expect(running).rejects.toThrow('ended by SIGSEGV');
  });

  test('that fails for another reason tells it', async () => {
    const program = await programOf('fail', 'console.error("no space left"); process.exitCode = 1;');
    const running = createModelWork(program).run(check);
    await expect(running).rejects.not.toBeInstanceOf(ModelRefusedError);
    await expect(running).rejects.toThrow('no space left');
  });

  test.each([
    ['noise', 'console.log("hello");'],
    ['nothing', ''],
    ['half', 'process.stdout.write("{\\"type\\":");'],
  ])('is not taken for done when the reply is %s', async (name, source) => {
    const program = await programOf(name, source);
    await expect(createModelWork(program).run(check)).rejects.toThrow('check-config');
  });

  test('ends when it is given up', async () => {
    const program = await programOf('wait', 'setInterval(() => {}, 1000);');
    const stop = new AbortController();
    const running = createModelWork(program).run(check, stop.signal);
    setTimeout(() => stop.abort(new Error('the server is stopping')), 100);
    await expect(running).rejects.toThrow('the server is stopping');
  });
});
