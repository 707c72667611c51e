import { generate, makeRequest } from '../../packages/engine/src/core/testing/requests.ts';
import type { EngineCommand } from './commands.ts';
import type { Subject } from './subject.ts';

type Conversations = Extract<EngineCommand, { kind: 'conversations' }>;

const systemPrompt = `<|im_start|>system
You are the assistant of a small town library. Answer briefly, name the shelf where a book stands, and never invent
titles. The library is open from nine to six on weekdays and from ten to two on Saturdays.<|im_end|>
`;
let made = 0;

/**
 * Milliseconds for all conversations, which go on side by side; each turn sends the whole conversation again.
 */
export async function measureConversations(subject: Subject, command: Conversations): Promise<number> {
  const { isCached, count, turns } = command;
  made += 1;
  const isolationKey = `library ${made}`;
  const begin = performance.now();
  await Promise.all(
    Array.from({ length: count }, async (_, person) => {
      let tokens = subject.encode(systemPrompt);
      for (let turn = 0; turn < turns; turn += 1) {
        const question = `<|im_start|>user\nReader ${person}: where are books about topic ${
          person * turns + turn
        }?<|im_end|>\n<|im_start|>assistant\n`;
        tokens = [...tokens, ...subject.encode(question)];
        const request = makeRequest({
          promptTokens: tokens,
          maxTokens: 16,
          ignoreEnd: true,
          speculate: false,
          isolationKey,
          cacheTokensMax: isCached ? null : 0,
        });
        const { choices } = await generate(subject.engine, request);
        tokens = [...tokens, ...choices[0]!];
      }
    }),
  );
  return performance.now() - begin;
}
