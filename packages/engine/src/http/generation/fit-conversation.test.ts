import type { ChatMessage } from '@sparkler/api';
import { expect, test } from 'vitest';
import { fitConversation } from './fit-conversation.ts';

const said = (role: string, content: string) => ({ role, content }) as ChatMessage;

/** One token a message, told by its text; a conversation that does not begin with the user is refused. */
function encodeStrictly(messages: readonly ChatMessage[]) {
  const first = messages.find(({ role }) => role !== 'system');
  return first?.role === 'user' ? { tokens: messages.map(({ content }) => Number(content)) } : null;
}

const numbered = (roles: readonly string[]) => roles.map((role, place) => said(role, String(place)));

test('the oldest go, system messages and the last message stay', () => {
  const messages = numbered(['system', 'user', 'assistant', 'user', 'system', 'assistant', 'user']);
  expect(fitConversation(messages, 9, encodeStrictly)?.tokens).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(fitConversation(messages, 5, encodeStrictly)?.tokens).toEqual([0, 3, 4, 5, 6]);
  expect(fitConversation(messages, 4, encodeStrictly)?.tokens).toEqual([0, 4, 6]);
  expect(fitConversation(messages, 2, encodeStrictly)).toBeNull();
});

test('results go with their call', () => {
  const messages = numbered(['user', 'assistant', 'tool', 'tool', 'user', 'assistant', 'user']);
  const encode = (shown: readonly ChatMessage[]) => ({ tokens: shown.map(({ content }) => Number(content)) });
  expect(fitConversation(messages, 6, encode)?.tokens).toEqual([1, 2, 3, 4, 5, 6]);
  expect(fitConversation(messages, 5, encode)?.tokens).toEqual([4, 5, 6]);
});

test('a long conversation is encoded a few times only, and no more is dropped than needed', () => {
  const roles = Array.from({ length: 4001 }, (_, place) => (place % 2 === 0 ? 'user' : 'assistant'));
  const messages = numbered(roles);
  for (const tokensMax of [1, 2, 100, 3000, 3999, 4000, 4001]) {
    let encodings = 0;
    const fitting = fitConversation(messages, tokensMax, (shown) => {
      encodings++;
      return encodeStrictly(shown);
    });
    // Conversations of an even number begin with an answer, which is refused.
    expect(fitting?.tokens).toHaveLength(tokensMax % 2 === 0 ? tokensMax - 1 : tokensMax);
    expect(encodings).toBeLessThan(40);
  }
});
