import { expect, test } from 'vitest';
import { openScriptedModel } from '../runners/scripted/open-scripted-model.ts';
import { AdapterError } from './adapter-error.ts';
import { Engine } from './engine.ts';
import type { StepRecord } from './engine-observer.ts';
import { encodePrompt, generate, makeRequest } from './testing/requests.ts';
import { createSeededRandom } from './testing/seeded-random.ts';

function openEngine() {
  const { runner } = openScriptedModel();
  const steps: StepRecord[] = [];
  const engine = new Engine({
    runner,
    policy: { adapterTurnSteps: 4 },
    observer: { onStep: (step) => steps.push(step) },
  });
  return { engine, steps };
}

const LONG = { ignoreEnd: true, maxTokens: 60, speculate: false } as const;

test('no order of base and adapter requests changes an answer', async () => {
  const adapters = [null, 'one', 'two', 'three'];
  const prompts = ['Hello', 'Hello there', 'Bye'].map(encodePrompt);
  const random = createSeededRandom(3);
  const { engine } = openEngine();
  for (const id of ['one', 'two', 'three']) await engine.loadAdapter(id, `scripted:${id}`);
  const truths = new Map<string, string>();
  const ask = async (adapter: string | null, promptTokens: readonly number[]): Promise<[string, string]> => {
    const request = makeRequest({ adapter, promptTokens, ignoreEnd: true, maxTokens: 12 });
    const { choices } = await generate(engine, request);
    return [`${adapter} ${promptTokens.join()}`, choices[0]!.join()];
  };
  for (const adapter of adapters) {
    for (const promptTokens of prompts) truths.set(...(await ask(adapter, promptTokens)));
  }
  expect(new Set(truths.values()).size).toBe(truths.size);
  for (let round = 0; round < 30; round++) {
    const asked = Array.from({ length: 6 }, () => ask(random.pick(adapters), random.pick(prompts)));
    for (const [question, answer] of await Promise.all(asked)) expect(answer).toBe(truths.get(question));
  }
  await engine.close(0);
});

test('sequences of several adapters take turns of several steps, and none starves', async () => {
  const { engine, steps } = openEngine();
  for (const id of ['one', 'two']) await engine.loadAdapter(id, `scripted:${id}`);
  const adapters = [null, 'one', 'two', null, 'one', 'two'];
  await Promise.all(adapters.map((adapter) => generate(engine, makeRequest({ ...LONG, adapter }))));
  const order = steps.map(({ adapter }) => adapter);
  const switches = order.filter((adapter, i) => i > 0 && adapter !== order[i - 1]).length;
  expect(switches).toBeLessThan(steps.length / 3.5);
  for (const adapter of [null, 'one', 'two']) {
    const taken = order.flatMap((other, i) => (other === adapter ? [i] : []));
    for (let i = 1; i < taken.length; i++) expect(taken[i]! - taken[i - 1]!).toBeLessThanOrEqual(9);
  }
  await engine.close(0);
});

test('unloading waits for running requests, and refuses new ones at once', async () => {
  const { engine } = openEngine();
  await engine.loadAdapter('one', 'scripted:one');
  const order: string[] = [];
  const request = makeRequest({ ...LONG, adapter: 'one' });
  let unloaded: Promise<unknown> = Promise.resolve();
  let refused: Promise<unknown> = Promise.resolve();
  const running = generate(engine, request, (event) => {
    if (event.type !== 'token' || order.length > 0) return;
    order.push('first token');
    unloaded = engine.unloadAdapter('one').then(() => order.push('unloaded'));
    refused = generate(engine, makeRequest({ adapter: 'one' })).then(({ end }) => {
      expect(end).toMatchObject({ type: 'error', code: 'adapter-missing' });
      order.push('refused');
    });
  }).then(({ choices }) => {
    expect(choices[0]).toHaveLength(60);
    order.push('finished');
  });
  await running;
  await Promise.all([unloaded, refused]);
  expect(order).toEqual(['first token', 'refused', 'finished', 'unloaded']);
  expect(engine.status().adapters).toEqual([]);
  expect(engine.status().cellsUsed).toBe(0);
  await engine.close(0);
});

test('a new version waits for the old one to drain; requests in between get the new one', async () => {
  const { engine } = openEngine();
  const promptTokens = encodePrompt('the same question, long enough to be worth caching');
  const ask = () => generate(engine, makeRequest({ ...LONG, adapter: 'one', promptTokens }));
  const old = await engine.loadAdapter('one', 'scripted:old');
  const before = await ask();
  const running = ask();
  await new Promise((turn) => setImmediate(turn));
  await new Promise((turn) => setImmediate(turn));
  const loading = engine.loadAdapter('one', 'scripted:new');
  const between = ask();
  expect((await running).choices).toEqual(before.choices);
  expect((await loading).version).not.toBe(old.version);
  expect((await between).choices).not.toEqual(before.choices);
  expect((await between).cachedTokens).toBe(0);
  await engine.close(0);
});

test('failures of loading and unloading say what was wrong and leave the engine serving', async () => {
  const { engine } = openEngine();
  await expect(engine.loadAdapter('one', '/nowhere/adapter.gguf')).rejects.toThrow(AdapterError);
  await expect(engine.unloadAdapter('one')).rejects.toThrow('Adapter one is not loaded here');
  expect((await generate(engine, makeRequest({ adapter: 'one' }))).end).toMatchObject({
    code: 'adapter-missing',
  });
  expect((await generate(engine, makeRequest())).end.type).toBe('finish');
  await engine.close(0);
});

test('a long prompt of one adapter does not hold up the tokens of another for more than a step', async () => {
  const { runner } = openScriptedModel({ stepMs: (rows) => rows, takesTime: false });
  const steps: StepRecord[] = [];
  const policy = { stepTargetMs: 50, prefillTokensMin: 8 };
  const engine = new Engine({ runner, policy, observer: { onStep: (step) => steps.push(step) } });
  await engine.loadAdapter('one', 'scripted:one');
  const decoding = generate(engine, makeRequest({ ...LONG, maxTokens: 200 }));
  while (steps.length < 20) await new Promise((turn) => setImmediate(turn));
  const promptTokens = encodePrompt('long '.repeat(200));
  const prefilling = generate(engine, makeRequest({ adapter: 'one', promptTokens, maxTokens: 1 }));
  await Promise.all([decoding, prefilling]);
  const chunks = steps.filter(({ adapter, prefillRows }) => adapter === 'one' && prefillRows > 0);
  expect(chunks.length).toBeGreaterThan(15);
  let heldUpMs = 0;
  for (const step of steps.slice(20)) {
    heldUpMs = step.adapter === 'one' ? heldUpMs + step.forwardMs : 0;
    expect(heldUpMs).toBeLessThanOrEqual(100);
  }
  await engine.close(0);
});
