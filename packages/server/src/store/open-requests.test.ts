import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import type { OpenRequest } from '../inference/open-request.ts';
import { openRequests } from './open-requests.ts';

let folder: string;
let problems: string[];
const onProblem = (text: string) => problems.push(text);

beforeEach(async () => {
  problems = [];
  folder = await mkdtemp(join(tmpdir(), 'sparkler-open-'));
  return () => rm(folder, { recursive: true });
});

const replica = (name: string) => ({ socketPath: `/run/${name}.sock` });

function request(requestId: string, address: OpenRequest['address'] = replica('a')): OpenRequest {
  return {
    requestId,
    account: 'acme',
    user: 'accounts/acme/users/ann',
    apiKeyId: 'k1',
    model: 'accounts/fireworks/models/m',
    deployment: 'accounts/fireworks/deployments/d',
    endpoint: 'chat',
    startTimeMs: 1,
    prices: null,
    dialect: 'native',
    address,
  };
}

const idsOf = (requests: readonly OpenRequest[]) => requests.map(({ requestId }) => requestId);

test('a killed life leaves what was under way to each next one until it is settled', async () => {
  const first = openRequests(folder, onProblem);
  for (const id of ['metered', 'refused', 'open']) first.begin(request(id));
  first.begin(request('open', replica('b')));
  first.end('metered', true);
  first.end('refused', false);
  first.end('unknown', false);
  // The metered one has a usage line; whoever reads this looks for it there.
  const second = openRequests(folder, onProblem);
  expect(idsOf(second.left)).toEqual(['metered', 'open']);
  expect(second.left[1]!.address).toEqual(replica('b'));
  second.begin(request('later'));
  const third = openRequests(folder, onProblem);
  expect(idsOf(third.left)).toEqual(['metered', 'open', 'later']);
  third.forgetLeft();
  expect(openRequests(folder, onProblem).left).toEqual([]);
  expect(problems).toEqual([]);
});

test('files stay small, and what is open outlives them', async () => {
  const life = openRequests(folder, onProblem, 10);
  life.begin(request('long'));
  for (let index = 0; index < 100; index += 1) {
    life.begin(request(`r${index}`));
    life.end(`r${index}`, true);
  }
  expect(await readdir(folder)).toHaveLength(1);
  const { left } = openRequests(folder, onProblem);
  expect(left.length).toBeLessThanOrEqual(10);
  expect(idsOf(left)).toContain('long');
  life.end('long', true);
  life.close();
  expect(await readdir(folder)).toEqual([]);
});

test('a line that was cut short is skipped', async () => {
  const line = JSON.stringify(request('whole'));
  await writeFile(join(folder, 'open-00000007.jsonl'), `${line.slice(0, 30)}\n${line}\n${line.slice(0, 9)}`);
  expect(idsOf(openRequests(folder, onProblem).left)).toEqual(['whole']);
});
