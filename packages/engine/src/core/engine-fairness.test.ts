import { expect, test } from 'vitest';
import { openScriptedModel } from '../runners/scripted/open-scripted-model.ts';
import { Engine } from './engine.ts';
import { encodePrompt, generate, makeRequest } from './testing/requests.ts';

/** Two requests run at once, so everybody else waits. */
async function openEngine() {
  const { runner } = openScriptedModel({ limits: { sequencesMax: 2 } });
  const engine = new Engine({ runner });
  const ended: string[] = [];
  const tokens: Record<string, number> = {};
  const ask = async (tenant: string, maxTokens: number, more: Parameters<typeof makeRequest>[0] = {}) => {
    const promptTokens = encodePrompt(`${tenant} asks`);
    const request = makeRequest({
      tenant,
      maxTokens,
      promptTokens,
      ignoreEnd: true,
      speculate: false,
      ...more,
    });
    const { end } = await generate(engine, request, ({ type }) => {
      if (type === 'token') tokens[tenant] = (tokens[tenant] ?? 0) + 1;
    });
    expect(end.type).toBe('finish');
    ended.push(tenant);
  };
  return { engine, ended, tokens, ask };
}

const untilServed = async (tokens: Record<string, number>, tenant: string, count: number) => {
  while ((tokens[tenant] ?? 0) < count) await new Promise((turn) => setImmediate(turn));
};

test('a tenant with a long queue delays one that comes later by what runs already, no more', async () => {
  const { engine, ended, tokens, ask } = await openEngine();
  const many = Array.from({ length: 30 }, () => ask('many', 10));
  await untilServed(tokens, 'many', 55);
  const before = ended.length;
  await ask('one', 10);
  // Two run when it comes, and the other slot of the two goes on meanwhile.
  expect(ended.filter((tenant) => tenant === 'many').length - before).toBeLessThanOrEqual(4);
  await Promise.all(many);
  await engine.close(0);
});

test('long requests get a tenant no more of the engine than short ones get another', async () => {
  const { engine, tokens, ask } = await openEngine();
  const long = Array.from({ length: 8 }, () => ask('long', 80));
  const short = Array.from({ length: 40 }, () => ask('short', 8));
  await untilServed(tokens, 'short', 300);
  // What a request still has to run when it was let in is more than its share at most once a slot.
  expect(Math.abs(tokens.long! - tokens.short!)).toBeLessThanOrEqual(2 * 80 + 60);
  expect(tokens.long).toBeLessThan(8 * 80);
  await Promise.all([...long, ...short]);
  await engine.close(0);
});

test('requests of one tenant under many adapters take no more than those of another under none', async () => {
  const { engine, ended, ask } = await openEngine();
  const adapters = ['one', 'two', 'three', 'four'];
  for (const id of adapters) await engine.loadAdapter(id, `scripted:${id}`);
  const many = adapters.flatMap((adapter) => Array.from({ length: 5 }, () => ask('many', 12, { adapter })));
  const plain = Array.from({ length: 5 }, () => ask('plain', 12));
  await Promise.all(plain);
  expect(ended.filter((tenant) => tenant === 'many').length).toBeLessThanOrEqual(5 + 2);
  await Promise.all(many);
  await engine.close(0);
});
