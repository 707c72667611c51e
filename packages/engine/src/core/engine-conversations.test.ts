import { expect, test } from 'vitest';
import { openScriptedModel } from '../runners/scripted/open-scripted-model.ts';
import { Engine } from './engine.ts';
import { encodePrompt, generate, makeRequest } from './testing/requests.ts';

const CONVERSATIONS = 16;
const TURNS = 6;
const ANSWER_TOKENS = 16;
const system = encodePrompt('You are the assistant of a small town library. Answer briefly.');

/** The distinct beginnings of all texts: what has to be computed at least, were nothing ever forgotten. */
function countDistinctPrefixes(texts: readonly (readonly number[])[]): number {
  const known = new Set<string>();
  for (const text of texts) {
    let prefix = '';
    for (const token of text) {
      prefix += `,${token}`;
      known.add(prefix);
    }
  }
  return known.size;
}

/** All talk at once, sending everything said so far with each question. */
async function holdConversations(hostBytesMax: number) {
  // At the end a conversation has about 400 tokens: there are cells for four.
  const limits = { cellsMax: 1600, sequencesMax: CONVERSATIONS, batchTokensMax: 512 };
  const { runner } = openScriptedModel({ limits });
  let rows = 0;
  let restores = 0;
  const engine = new Engine({
    runner,
    policy: { hostBytesMax },
    observer: {
      onStep(step) {
        rows += step.rows;
        restores = step.restores;
      },
    },
  });
  const talk = async (_: unknown, person: number) => {
    let tokens = [...system];
    for (let turn = 0; turn < TURNS; turn++) {
      tokens = [...tokens, ...encodePrompt(`Reader ${person}: where is topic ${turn * 31 + person}?`)];
      const { choices } = await generate(
        engine,
        makeRequest({ promptTokens: tokens, maxTokens: ANSWER_TOKENS, ignoreEnd: true, speculate: false }),
      );
      tokens = [...tokens, ...choices[0]!];
    }
    return tokens;
  };
  const texts = await Promise.all(Array.from({ length: CONVERSATIONS }, talk));
  expect(engine.checkIntegrity()).toEqual([]);
  await engine.close(0);
  return { rows, restores, distinct: countDistinctPrefixes(texts) };
}

test('conversations that share few cells have every token computed once', async () => {
  const { rows, restores, distinct } = await holdConversations(1024 ** 2);
  expect(restores).toBeGreaterThan(CONVERSATIONS);
  // At the edges some tokens are: prefixes shorter than 16 are not worth keeping or waiting for.
  expect(rows).toBeLessThan(1.02 * distinct);
  const withoutHost = await holdConversations(0);
  expect(withoutHost.rows).toBeGreaterThan(1.2 * distinct);
});
