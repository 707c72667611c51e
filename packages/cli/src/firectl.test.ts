import { mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resources } from '@sparkler/api/resources';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from './flags/duration.ts';
import { formatResource } from './output/print-resource.ts';
import { formatTable } from './output/print-table.ts';
import { formatProgress } from './output/progress-bar.ts';
import { firectl, type SentRequest, startRecorder } from './testing.ts';

let folder: string;
let server: Awaited<ReturnType<typeof startRecorder>>;
let answer: (request: SentRequest) => unknown = () => ({});
let environment: NodeJS.ProcessEnv;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'firectl-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach(async () => {
  answer = () => ({});
  server = await startRecorder((request) => answer(request));
  environment = {
    FIREWORKS_API_KEY: 'k',
    FIREWORKS_API_BASE: server.url,
    FIREWORKS_CONFIG_DIR: join(folder, 'config'),
  };
});
afterEach(() => server.close());

const run = (line: string) =>
  firectl(
    line.match(/(?:[^\s"]|"[^"]*")+/g)!.map((word) => word.replaceAll('"', '')),
    environment,
  );

describe('durations', () => {
  it.each([
    ['30s', '30s'],
    ['10m', '600s'],
    ['168h0m0s', '604800s'],
    ['1h30m', '5400s'],
    ['500ms', '0.5s'],
    ['0', '0s'],
  ])('%s is %s', (text, expected) => expect(parseDuration(text, '--x')).toBe(expected));

  it('refuses others by flag and value', () => {
    for (const bad of ['10', 'm', '10 m', '1d', ''])
      expect(() => parseDuration(bad, '--wait-for')).toThrow('--wait-for');
    expect(formatDuration('5400s')).toBe('1h30m0s');
  });
});

describe('the command tree', () => {
  it('has the verbs of every resource of the contract', async () => {
    for (const verb of ['list', 'get', 'create', 'update', 'delete'] as const) {
      const { out } = await run(`${verb} -h`);
      for (const resource of Object.values(resources)) {
        const method = (resource.methods as Record<string, { kind: string } | undefined>)[verb];
        if (method?.kind !== verb || resource === resources.userApiKeys) continue;
        const noun = resource.noun.replaceAll(/([A-Z])/g, (letter) => `-${letter.toLowerCase()}`);
        expect(out, `${verb} ${noun}`).toContain(noun.replace(/y$/, ''));
      }
    }
  });

  it('gives an example with each command', async () => {
    expect((await run('create deployment -h')).out).toContain(
      'firectl create deployment llama-v3p1-8b-instruct',
    );
    expect((await run('load-lora -h')).out).toContain('--deployment="abcd1234"');
  });

  it('says what is wrong with a command line, and ends with 2', async () => {
    expect(await run('get model')).toMatchObject({
      code: 2,
      note: 'Error: invalid id: id must be at least 1 character long\n',
    });
    expect((await run('create deployment')).note).toContain(
      'invalid id: id must be at least 1 character long',
    );
    expect((await run('list models --no-such')).code).toBe(2);
    expect((await run('frobnicate')).code).toBe(2);
    expect(await run('update deployment d --scale-up-window soon')).toMatchObject({ code: 2 });
    expect((await run('create deployment m --min-replica-count many')).note).toContain('--min-replica-count');
    expect((await run('create deployment m --accelerator-type TPU')).note).toContain('NVIDIA_H100_80GB');
    expect((await run('update model m')).note).toContain('nothing to change');
  });
});

describe('what is sent', () => {
  it('a deployment of a model by short id: the own one, else that of fireworks', async () => {
    answer = ({ method, path }) => {
      if (method === 'GET' && path.startsWith('/v1/accounts/acme/models/mine'))
        return { name: 'accounts/acme/models/mine' };
      return method === 'POST' ? { name: 'accounts/acme/deployments/d1', state: 'CREATING' } : null;
    };
    await run('create deployment mine --min-replica-count 0 --scale-to-zero-window 1h --enable-addons');
    expect(server.requests.at(-1)).toEqual({
      method: 'POST',
      path: '/v1/accounts/acme/deployments',
      body: {
        baseModel: 'accounts/acme/models/mine',
        minReplicaCount: 0,
        enableAddons: true,
        autoscalingPolicy: { scaleToZeroWindow: '3600s' },
      },
    });
    await run(
      'create deployment llama-v3p1-8b-instruct --precision fp8 --accelerator-type="NVIDIA_H100_80GB"',
    );
    expect(server.requests.at(-1)?.body).toEqual({
      baseModel: 'accounts/fireworks/models/llama-v3p1-8b-instruct',
      precision: 'FP8',
      acceleratorType: 'NVIDIA_H100_80GB',
    });
  });

  it('changes and booleans as the guides write them', async () => {
    await run('update model my-model --display-name="New Name" --public=false');
    expect(server.requests[0]).toMatchObject({
      method: 'PATCH',
      path: '/v1/accounts/acme/models/my-model',
      body: { displayName: 'New Name', public: false },
    });
    await run('update quota monthly-spend-usd --value 20');
    expect(server.requests[1]).toMatchObject({
      path: '/v1/accounts/acme/quotas/monthly-spend-usd',
      body: { value: '20' },
    });
    await run('update deployed-model dm --default');
    expect(server.requests[2]?.body).toEqual({ default: true });
  });

  it('users, keys, jobs and adapters', async () => {
    await run('create user --email="alice@example.com" --role=admin');
    expect(server.requests[0]).toMatchObject({
      path: '/v1/accounts/acme/users',
      body: { email: 'alice@example.com', role: 'admin' },
    });
    await run(
      [
        'create sftj --base-model llama-v3p1-8b-instruct --dataset cancerset --output-model mine',
        '--job-id j1 --learning-rate 0.0001 --epochs 2 --early-stop --wandb-project p',
      ].join(' '),
    );
    expect(server.requests[1]?.path).toBe(
      '/v1/accounts/acme/supervisedFineTuningJobs?supervisedFineTuningJobId=j1',
    );
    expect(server.requests[1]?.body).toMatchObject({
      epochs: 2,
      earlyStop: true,
      wandbConfig: { project: 'p' },
    });
    await run('load-lora my-model --deployment=abcd1234');
    expect(server.requests[2]?.body).toEqual({
      model: 'accounts/acme/models/my-model',
      deployment: 'accounts/acme/deployments/abcd1234',
    });
    await run('delete api-key k7');
    expect(server.requests[3]).toMatchObject({
      path: '/v1/accounts/acme/apiKeys:delete',
      body: { keyId: 'k7' },
    });
    await run('undelete deployment d');
    expect(server.requests[4]?.path).toBe('/v1/accounts/acme/deployments/d:undelete');
  });

  it('another account with -a, and nothing at all with --dry-run', async () => {
    answer = () => ({ name: 'accounts/fireworks/models/m' });
    await run('-a fireworks get model m');
    expect(server.requests[0]?.path).toBe('/v1/accounts/fireworks/models/m');
    const dry = await run('--dry-run delete model m');
    expect(dry.out).toContain('Method: DELETE');
    expect(server.requests).toHaveLength(1);
  });

  it('a failed call ends with one line and a status that says what kind it was', async () => {
    answer = () => null;
    expect(await run('get model gone')).toMatchObject({ code: 3 });
    expect((await firectl(['whoami'], { FIREWORKS_CONFIG_DIR: folder })).code).toBe(4);
  });
});

describe('lists', () => {
  const items = Array.from({ length: 3 }, (_, i) => ({ name: `accounts/acme/models/m${i}`, state: 'READY' }));

  it('show one page for people and all pages with --no-paginate', async () => {
    answer = ({ path }) =>
      path.includes('pageToken=two')
        ? { models: items.slice(2) }
        : { models: items.slice(0, 2), nextPageToken: 'two' };
    const page = await run('list models --page-size 2');
    expect(page.out.split('\n')[0]).toMatch(/^NAME +.*STATE/);
    expect(page.note).toContain('--page-token two');
    const all = await run('list models --no-paginate -o json');
    expect(JSON.parse(all.out)).toHaveLength(3);
  });
});

describe('list api-key', () => {
  it("shows one's own keys, and those of everybody when asked", async () => {
    answer = () => ({ apiKeys: [{ keyId: 'k1', prefix: 'fw_a' }] });
    await run('list api-key');
    await run('list api-key --all-users');
    expect(server.requests.map(({ path }) => path)).toEqual([
      '/v1/accounts/acme/users/alice/apiKeys',
      '/v1/accounts/acme/apiKeys',
    ]);
  });
});

describe('uploads', () => {
  it('a dataset is created, sent and validated', async () => {
    const file = join(folder, 'Training_Data.jsonl');
    await writeFile(file, '{"messages":[]}\n'.repeat(4));
    answer = ({ method, path }) => {
      if (path.endsWith(':getUploadEndpoint')) {
        return { filenameToSignedUrls: { 'Training_Data.jsonl': `${server.url}/upload` } };
      }
      if (path === '/upload')
        return server.requests.filter((sent) => sent.path === '/upload').length === 1 ? null : {};
      return method === 'GET'
        ? { name: 'accounts/acme/datasets/d', state: 'READY' }
        : { name: 'accounts/acme/datasets/d' };
    };
    const { code, out } = await run(`create dataset ${file}`);
    expect(code).toBe(0);
    expect(out).toContain('State: READY');
    expect(server.requests[0]?.body).toMatchObject({
      datasetId: 'training-data',
      dataset: { exampleCount: '4' },
    });
    expect(server.requests.filter((sent) => sent.path === '/upload').at(-1)?.body).toBe(
      '{"messages":[]}\n'.repeat(4),
    );
    expect(server.requests.at(-2)?.path).toContain(':validateUpload');
  });

  it('a model folder with a link is refused before anything is sent', async () => {
    const model = await mkdtemp(join(folder, 'model-'));
    await writeFile(join(model, 'config.json'), '{}');
    await symlink('/etc/hostname', join(model, 'weights.safetensors'));
    const { code, note } = await run(`create model mine ${model}`);
    expect(code).toBe(2);
    expect(note).toContain('symbolic link');
    expect(server.requests).toEqual([]);
  });

  it('an addon needs its base model', async () => {
    const model = await mkdtemp(join(folder, 'addon-'));
    await writeFile(join(model, 'adapter_config.json'), '{"r":8,"target_modules":["q_proj"]}');
    expect((await run(`create model mine ${model}`)).note).toContain('--base-model');
  });
});

describe('keys', () => {
  it('are kept in auth.ini for its owner alone, by profile, and never shown', async () => {
    const path = join(folder, 'config', 'auth.ini');
    const { note } = await run('set-api-key secret-1');
    await run('--profile work set-api-key secret-2');
    expect(note).not.toContain('secret-1');
    expect(await readFile(path, 'utf8')).toBe(
      '[fireworks]\napi_key = secret-1\n\n[work]\napi_key = secret-2\n',
    );
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const signedIn = await firectl(['signin'], { ...environment, FIREWORKS_API_KEY: undefined }, [
      'secret-3',
    ]);
    expect(signedIn.note).toContain('Signed in to acme');
    expect(await readFile(path, 'utf8')).toContain('account_id = acme');
  });
});

describe('output', () => {
  it('shows a resource as the guides do', () => {
    const text = formatResource({
      name: 'accounts/acme/models/m',
      public: false,
      deployedModelRefs: [{ name: 'accounts/acme/deployedModels/d', state: 'DEPLOYED', default: true }],
    });
    expect(text).toBe(
      [
        'Name: accounts/acme/models/m',
        'Deployed Model Refs:',
        '[{',
        '  Name: accounts/acme/deployedModels/d',
        '  State: DEPLOYED',
        '  Default: true',
        '}]',
      ].join('\n'),
    );
  });

  it('aligns tables and draws bars that fit', () => {
    expect(formatTable(['name', 'state'], [{ name: 'accounts/a/models/long-name', state: 'READY' }])).toBe(
      'NAME       STATE\nlong-name  READY',
    );
    const bar = formatProgress({ label: 'm', done: 50, total: 100, seconds: 1, columns: 60 });
    expect(bar).toContain('50%');
    expect(bar.length).toBeLessThanOrEqual(60);
  });
});
