import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createContext, runInContext } from 'node:vm';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startRecorder } from '../../packages/cli/src/testing.ts';
import { packPackages } from '../../tools/generate-sdk/pack.ts';
import { runProgram } from './run-program.ts';

/**
 * The tarballs in a project of their own, on another Node (20 where the system has it) than this checkout's.
 */
let project: string;
const root = fileURLToPath(new URL('../..', import.meta.url));

const typeTest = `
import Fireworks, { blobSource, type ChatCompletion, NotFoundError, RateLimitError, uploadFile } from '@sparkler/sdk';
import { uploadFiles } from '@sparkler/sdk/node';
type Is<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
const client = new Fireworks({ apiKey: 'k', baseURL: 'http://127.0.0.1:1' });
export async function use(): Promise<void> {
  const answer = await client.chat.completions.create({ model: 'm', messages: [{ role: 'user', content: 'x' }] });
  const isAnswer: Is<typeof answer, ChatCompletion> = true;
  const stream = await client.chat.completions.create({ model: 'm', messages: [], stream: true, prompt_cache_max_len: 1 });
  for await (const chunk of stream) { const text: string | null | undefined = chunk.choices[0]?.delta.content; void text; }
  for await (const model of client.models.list({ filter: 'public' })) { const name: string = model.name; void name; }
  const state = (await client.deployments.get('d')).state;
  await uploadFiles({ f: 'http://127.0.0.1:1' }, [{ name: 'f', path: '/f' }], { onProgress: (file, done) => void [file, done] });
  const sent: { isVerified: boolean } = await uploadFile('http://127.0.0.1:1', blobSource(new Blob(['x']), 'f'));
  // @ts-expect-error a deployment has no such state
  const wrong: boolean = state === 'NO_SUCH_STATE';
  // @ts-expect-error a chat has messages
  await client.chat.completions.create({ model: 'm' });
  void [isAnswer, wrong, sent, NotFoundError, RateLimitError];
}
`;

beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), 'sparkler-packed-'));
  const { sdk, cli } = await packPackages(project);
  writeFileSync(join(project, 'package.json'), '{"private":true,"type":"module"}');
  const install = ['install', '--offline', '--no-audit', '--no-fund', '--ignore-scripts', sdk, cli];
  execFileSync('npm', install, { cwd: project, stdio: 'pipe' });
});
afterAll(() => rmSync(project, { recursive: true, force: true }));

const plainPath = '/usr/local/bin:/usr/bin:/bin';

test('firectl runs from the tarball by its name', async () => {
  const recorder = await startRecorder(() => ({
    models: [{ name: 'accounts/acme/models/m', state: 'READY' }],
  }));
  const environment = {
    PATH: `${join(project, 'node_modules/.bin')}:${plainPath}`,
    FIREWORKS_API_KEY: 'k',
    FIREWORKS_API_BASE: recorder.url,
    FIREWORKS_CONFIG_DIR: project,
  };
  const run = (...args: string[]) => runProgram('firectl', args, { cwd: project, env: environment });
  expect(await run('version')).toMatchObject({ code: 0, out: '0.1.0\n' });
  const npx = await runProgram('npx', ['--offline', 'firectl', 'version'], {
    cwd: project,
    env: environment,
  });
  expect(npx).toMatchObject({ code: 0, out: '0.1.0\n' });
  expect((await run('list', 'models')).out).toMatch(/^m .*READY/m);
  expect((await run('create', 'deployment')).code).toBe(2);
  await recorder.close();
});

/** Programs that run JavaScript, and how. Node is there; the others are tried where the path has them. */
const runtimes = [
  { program: 'node', args: ['use.js'] },
  { program: 'bun', args: ['use.js'] },
  { program: 'deno', args: ['run', '--allow-net', '--allow-env', 'use.js'] },
];

test.for(runtimes)(
  'the SDK runs from the tarball on $program, and depends on nothing',
  async (runtime, { skip }) => {
    const { program, args } = runtime;
    const path = program === 'node' ? plainPath : process.env.PATH!;
    if (spawnSync(program, ['--version'], { env: { PATH: path } }).status !== 0)
      skip(`there is no ${program} here`);
    writeFileSync(
      join(project, 'use.js'),
      [
        "import Fireworks from '@sparkler/sdk';",
        'const client = new Fireworks();',
        'for await (const model of client.models.list()) console.log(model.name);',
      ].join('\n'),
    );
    const recorder = await startRecorder(() => ({ models: [{ name: 'accounts/acme/models/m' }] }));
    const env = {
      PATH: path,
      DENO_DIR: join(project, '.deno'),
      FIREWORKS_API_KEY: 'k',
      FIREWORKS_API_BASE: recorder.url,
    };
    expect(await runProgram(program, args, { cwd: project, env })).toMatchObject({
      code: 0,
      out: 'accounts/acme/models/m\n',
    });
    await recorder.close();
  },
);

test('the SDK runs where there is no Node: bundled for browsers it imports nothing', async () => {
  const input = join(project, 'node_modules/@sparkler/sdk/dist/index.js');
  const build = await rolldown({ input, platform: 'browser' });
  const { output } = await build.generate({ format: 'iife', name: 'sdk', exports: 'named' });
  await build.close();
  expect(output.flatMap((chunk) => ('imports' in chunk ? chunk.imports : []))).toEqual([]);
  const recorder = await startRecorder(() => ({ models: [{ name: 'accounts/acme/models/m' }] }));
  // What browsers have, and nothing of Node: no process, no Buffer, no require.
  const web = {
    fetch,
    Headers,
    URL,
    AbortController,
    AbortSignal,
    TextDecoder,
    setTimeout,
    clearTimeout,
    btoa,
  };
  const scope = createContext({ ...web, url: recorder.url });
  const use = `
    const client = new sdk.Fireworks({ apiKey: 'k', baseURL: url });
    (async () => {
      const names = [];
      for await (const model of client.models.list()) names.push(model.name);
      const failure = await client.models.get('a/b/c/d').catch((error) => error.name);
      return JSON.stringify({ names, failure, process: typeof process });
    })();
  `;
  expect(JSON.parse(await runInContext(`${output[0].code}\n${use}`, scope))).toEqual({
    names: ['accounts/acme/models/m'],
    failure: 'FireworksError',
    process: 'undefined',
  });
  await recorder.close();
});

test('its types say what is right and what is wrong', async () => {
  writeFileSync(join(project, 'types.ts'), typeTest);
  const settings = { strict: true, noEmit: true, module: 'nodenext', target: 'es2023', types: [] };
  writeFileSync(
    join(project, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: { ...settings, lib: ['es2023', 'dom'] }, files: ['types.ts'] }),
  );
  const compiler = join(root, 'node_modules/.bin/tsc');
  const { out, code } = await runProgram(compiler, ['-p', project], { cwd: project, env: process.env });
  expect({ out, code }).toEqual({ out: '', code: 0 });
});
