import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { firectl, startRecorder } from '../testing.ts';

const own = 'accounts/acme/deployments';
const running = {
  name: `${own}/running`,
  state: 'READY',
  createTime: '2026-01-01T00:00:00Z',
  baseModel: 'accounts/acme/models/m',
  minReplicaCount: 1,
  maxReplicaCount: 2,
  autoscalingPolicy: { scaleUpWindow: '30s', scaleDownWindow: '600s' },
};

let folder: string;
let server: Awaited<ReturnType<typeof startRecorder>>;
let environment: NodeJS.ProcessEnv;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'firectl-manifest-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach(async () => {
  server = await startRecorder(({ method, path }) => {
    if (method !== 'GET') return { name: `${own}/made`, state: 'READY' };
    if (path.startsWith(`/v1/${own}/running`)) return running;
    if (path.startsWith(`/v1/${own}/made`)) return { ...running, name: `${own}/made` };
    return path.startsWith(`/v1/${own}?`) || path === `/v1/${own}` ? { deployments: [running] } : null;
  });
  environment = { FIREWORKS_API_KEY: 'k', FIREWORKS_API_BASE: server.url, FIREWORKS_CONFIG_DIR: folder };
});
afterEach(() => server.close());

async function run(command: string, text: string, ...flags: string[]) {
  const file = join(folder, 'declared.yaml');
  await writeFile(file, text);
  return firectl([command, file, ...flags], environment);
}

const changes = () => server.requests.filter(({ method }) => method !== 'GET');

const wanted = `
kind: deployment
name: running
spec: { maxReplicaCount: 4, autoscalingPolicy: { scaleUpWindow: 30s }, baseModel: m }
---
kind: deployment
name: new
spec:
  baseModel: accounts/acme/models/m
`;

describe('apply', () => {
  it('changes what differs, creates what is missing, and says so', async () => {
    const { code, out } = await run('apply', wanted);
    expect(code).toBe(0);
    expect(out).toBe(
      [
        `~ ${own}/running`,
        '    maxReplicaCount: 2 -> 4',
        `+ ${own}/new`,
        '    baseModel: "accounts/acme/models/m"',
        '',
      ].join('\n'),
    );
    expect(changes()).toEqual([
      { method: 'PATCH', path: `/v1/${own}/running`, body: { maxReplicaCount: 4 } },
      {
        method: 'POST',
        path: `/v1/${own}?deploymentId=new`,
        body: { baseModel: 'accounts/acme/models/m' },
      },
    ]);
  });

  it('does nothing the second time', async () => {
    const same = 'kind: deployment\nname: running\nspec: { minReplicaCount: 1, maxReplicaCount: 2 }';
    expect(await run('apply', same)).toMatchObject({ code: 0, out: `= ${own}/running\n` });
    expect(changes()).toEqual([]);
  });

  it('plans only with --dry-run, which is what diff does', async () => {
    const planned = await run('apply', wanted, '--dry-run');
    const diff = await run('diff', wanted);
    expect(planned).toMatchObject({ code: 0, out: diff.out });
    expect(diff.out).toContain('maxReplicaCount: 2 -> 4');
    expect(changes()).toEqual([]);
  });

  it('takes JSON, one or a list', async () => {
    const item = { kind: 'deployment', name: 'running', spec: { displayName: 'Named' } };
    await run('apply', JSON.stringify([item]));
    expect(changes()).toMatchObject([{ body: { displayName: 'Named' } }]);
  });

  it.each([
    ['kind: planet\nname: x\nspec: {}', "kind 'planet' is not one of"],
    ['kind: deployment\nspec: {}', 'name must be an id or full name'],
    ['kind: deployment\nname: x', 'spec must hold the fields'],
    ['kind: deployment\nname: x\nspec: { state: READY }', "no field 'state' that can be set"],
    ['kind: deployment\nname: x\nspec: {}\nextra: 1', "'extra' is neither kind, name nor spec"],
    ['kind: [deployment', 'declared.yaml'],
    ['kind: model\nname: absent\nspec: { displayName: x }', 'make it with firectl create model'],
    ['kind: deployment\nname: running\nspec: { baseModel: other }', 'delete it first'],
    ['kind: deployment\nname: x\nspec: &a { displayName: x }\n---\nkind: *a', 'declared.yaml'],
  ])('refuses %j before anything is changed', async (text, reason) => {
    const { code, note } = await run('apply', `${wanted}---\n${text}`);
    expect({ code, note }).toEqual({ code: 2, note: expect.stringContaining(reason) });
    expect(changes()).toEqual([]);
  });

  it('says when there is no such file', async () => {
    const { code, note } = await firectl(['apply', join(folder, 'absent.yaml')], environment);
    expect({ code, note }).toEqual({ code: 2, note: expect.stringContaining('cannot be read') });
  });
});

describe('export', () => {
  it('writes what apply reads back as no change', async () => {
    const { out } = await firectl(['export', 'deployment'], environment);
    expect(parseAllDocuments(out).map((document) => document.toJS())).toEqual([
      {
        kind: 'deployment',
        name: running.name,
        spec: {
          baseModel: running.baseModel,
          minReplicaCount: 1,
          maxReplicaCount: 2,
          autoscalingPolicy: running.autoscalingPolicy,
        },
      },
    ]);
    expect(await run('apply', out)).toMatchObject({ code: 0, out: `= ${own}/running\n` });
    expect(changes()).toEqual([]);
  });

  it('writes one by id, as JSON too', async () => {
    const { out } = await firectl(['export', 'deployment', 'running', '-o', 'json'], environment);
    expect(JSON.parse(out)).toMatchObject([{ kind: 'deployment', name: running.name }]);
    expect((await firectl(['export', 'deployment', 'gone'], environment)).code).toBe(3);
  });
});
