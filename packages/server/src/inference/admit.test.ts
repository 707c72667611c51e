import { InferenceError } from '@sparkler/api';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Admissions, type Place, type Waiting } from './admit.ts';
import { createTestbed, type Testbed, tinySnapshot } from './testbed/testbed.ts';

const deployment = 'accounts/fireworks/deployments/tiny';
const open: Admissions[] = [];

afterEach(() => {
  for (const admissions of open.splice(0)) admissions.close();
});

function setUp(settings: Parameters<typeof createTestbed>[0] = {}) {
  const testbed = createTestbed(settings);
  testbed.route(tinySnapshot(['/a.sock']));
  const admissions = new Admissions(testbed.context);
  open.push(admissions);
  const waits: string[] = [];
  const onWait = ({ phase, position }: Waiting) => void waits.push(`${phase} ${position}`);
  const admit = (account = 'alice', priority = 0, dropIfFull = false) =>
    admissions.admit({ deployment, account, affinityKey: null, adapter: null, priority, dropIfFull, onWait });
  return { testbed, admissions, waits, admit };
}

/** Error status of a place that was refused. */
async function statusOf(place: Promise<Place>): Promise<number> {
  const error = await place.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(InferenceError);
  return (error as InferenceError).status;
}

test('requests beyond the slots wait, and get a slot in the order they came', async () => {
  const { admit, waits, admissions } = setUp({ runningPerReplicaMax: 1 });
  const first = await admit().place;
  const order: string[] = [];
  const follow = async (name: string, { place }: { place: Promise<Place> }) => {
    const taken = await place;
    order.push(name);
    return taken;
  };
  const second = follow('second', admit());
  const third = follow('third', admit());
  expect(waits).toEqual(['busy 1', 'busy 2']);
  expect(admissions.counts()).toEqual({ running: 1, waiting: 2 });
  first.release();
  (await second).release();
  (await third).release();
  expect(order).toEqual(['second', 'third']);
  expect(admissions.counts()).toEqual({ running: 0, waiting: 0 });
});

test('releasing twice frees one slot only', async () => {
  const { admit, admissions } = setUp({ runningPerReplicaMax: 2 });
  const first = await admit().place;
  await admit().place;
  first.release();
  first.release();
  expect(admissions.counts().running).toBe(1);
});

test('a full queue refuses with 429', async () => {
  const { admit } = setUp({ runningPerReplicaMax: 1, queuedPerDeploymentMax: 1 });
  await admit().place;
  void admit().place.catch(() => null);
  expect(await statusOf(admit().place)).toBe(429);
});

test('an account far over its limits is dropped when the deployment is full', async () => {
  const { admit } = setUp({ runningPerReplicaMax: 1 });
  await admit('alice', -1, true).place;
  expect(await statusOf(admit('alice', -1, true).place)).toBe(429);
});

test('higher priority goes first, and an account with nothing running goes before one with much', async () => {
  const { admit } = setUp({ runningPerReplicaMax: 2 });
  const one = await admit('alice').place;
  const two = await admit('alice').place;
  const order: string[] = [];
  const follow = (name: string, place: Promise<Place>) =>
    place.then(
      () => order.push(name),
      () => order.push(`${name} refused`),
    );
  void follow('alice', admit('alice').place);
  void follow('bob', admit('bob').place);
  void follow('urgent', admit('alice', 5).place);
  one.release();
  await vi.waitFor(() => expect(order).toEqual(['urgent']));
  two.release();
  await vi.waitFor(() => expect(order).toEqual(['urgent', 'bob']));
});

test('a sleeping deployment is woken once and its requests run when it is ready', async () => {
  const { testbed, admit, waits } = setUp();
  testbed.route(tinySnapshot([], { state: 'asleep' }));
  const places = [admit().place, admit().place];
  expect(waits).toEqual(['asleep 1', 'asleep 2']);
  expect(testbed.woken).toEqual([deployment]);
  testbed.route(tinySnapshot([], { state: 'starting' }));
  testbed.route(tinySnapshot(['/a.sock']));
  expect((await Promise.all(places)).map((place) => place.replica.id)).toEqual(['replica-0', 'replica-0']);
});

test('a deployment that never starts is a 503 that says what it waits for', async () => {
  const { testbed, admit } = setUp({ wakeTimeoutMs: 1 });
  testbed.route(tinySnapshot([], { state: 'starting', reason: 'downloading the model' }));
  await expect(admit().place).rejects.toThrow(/still starting.*downloading the model/);
});

test.each([
  ['failed', /failed: no GPU/],
  ['stopping', /being removed/],
  ['ready', /no replica .* is up/],
] as const)('a deployment that is %s without replicas is a 503 at once', async (state, words) => {
  const { testbed, admit } = setUp();
  testbed.route(tinySnapshot([], { state, reason: 'no GPU' }));
  const { place } = admit();
  await expect(place).rejects.toMatchObject({ status: 503, message: expect.stringMatching(words) });
});

test('a deployment that fails while requests wait fails them all', async () => {
  const { testbed, admit } = setUp();
  testbed.route(tinySnapshot([], { state: 'starting' }));
  const places = [admit().place, admit().place];
  testbed.route(tinySnapshot([], { state: 'failed', reason: 'out of memory' }));
  expect(await Promise.all(places.map(statusOf))).toEqual([503, 503]);
});

test('a suspected replica is left alone for a while', async () => {
  const { testbed, admit, admissions } = setUp();
  testbed.route(tinySnapshot(['/a.sock', '/b.sock']));
  admissions.suspect(deployment, 'replica-0');
  const places = await Promise.all([admit().place, admit().place, admit().place]);
  expect(new Set(places.map((place) => place.replica.id))).toEqual(new Set(['replica-1']));
});

test('a request that leaves the queue frees its place in line', async () => {
  const { admit, admissions } = setUp({ runningPerReplicaMax: 1 });
  const first = await admit().place;
  const waiting = admit();
  waiting.withdraw(new InferenceError(408, 'left'));
  expect(await statusOf(waiting.place)).toBe(408);
  expect(admissions.counts().waiting).toBe(0);
  first.release();
});

describe('a request for an addon', () => {
  const [held, none] = [new Set(['an-addon']), new Set<string>()];
  function route(testbed: Testbed, ...adapters: readonly ReadonlySet<string>[]): void {
    const sockets = adapters.map((_, index) => `/${index}.sock`);
    const { replicas } = tinySnapshot(sockets).deployments.get(deployment)!;
    const loaded = replicas.map((replica, index) => ({ ...replica, adapters: adapters[index]! }));
    testbed.route(tinySnapshot([], { replicas: loaded }));
  }
  const withAddon = { deployment, account: 'alice', affinityKey: null, priority: 0, dropIfFull: false };

  test('goes to a replica that has loaded it, however busy that is', async () => {
    const { testbed, admissions } = setUp({ runningPerReplicaMax: 3 });
    route(testbed, none, held);
    const ask = () => admissions.admit({ ...withAddon, adapter: 'an-addon', onWait: () => undefined }).place;
    const places = await Promise.all([ask(), ask(), ask()]);
    expect(places.map(({ replica }) => replica.id)).toEqual(['replica-1', 'replica-1', 'replica-1']);
  });

  test('waits on a fresh replica until that holds it, and the base model is served meanwhile', async () => {
    const { testbed, admissions, admit, waits } = setUp();
    route(testbed, none);
    const onWait = ({ phase }: Waiting) => void waits.push(phase);
    const { place } = admissions.admit({ ...withAddon, adapter: 'an-addon', onWait });
    expect(waits).toEqual(['loading its addon']);
    expect((await admit().place).replica.id).toBe('replica-0');
    route(testbed, held);
    expect((await place).replica.id).toBe('replica-0');
  });

  test('that no replica ever holds is a 503 that says so', async () => {
    const { testbed, admissions } = setUp({ wakeTimeoutMs: 1 });
    route(testbed, none);
    const { place } = admissions.admit({ ...withAddon, adapter: 'an-addon', onWait: () => undefined });
    await expect(place).rejects.toThrow('still loading its addon');
  });

  test('whose replica is full holds up nobody who can go elsewhere, and is next on its own', async () => {
    const { testbed, admissions, admit } = setUp({ runningPerReplicaMax: 1 });
    route(testbed, held, none);
    const addon = { ...withAddon, adapter: 'an-addon', onWait: () => undefined };
    const first = await admissions.admit(addon).place;
    const second = admissions.admit(addon).place;
    expect((await admit().place).replica.id).toBe('replica-1');
    const third = admit().place;
    first.release();
    const next = await second;
    expect(next.replica.id).toBe('replica-0');
    next.release();
    expect((await third).replica.id).toBe('replica-0');
  });
});
