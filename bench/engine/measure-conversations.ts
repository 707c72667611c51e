import { Engine } from '../../packages/engine/src/core/engine.ts';
import { generate, makeRequest } from '../../packages/engine/src/core/testing/requests.ts';
import { openLlamaModel } from '../../packages/engine/src/runners/llama-cpp/index.ts';
import { conversationCells, type Duration, type EngineCommand } from './commands.ts';
import { holdConversations } from './hold-conversations.ts';
import { startStopwatch } from './stopwatch.ts';
import type { Subject } from './subject.ts';

type Conversations = Extract<EngineCommand, { kind: 'conversations' }>;

let small: Promise<Engine> | null = null;

/** An engine with room for about four of the conversations; host memory takes the others meanwhile. */
async function openSmall({ modelPath }: Subject): Promise<Engine> {
  const limits = { cellsMax: conversationCells, sequencesMax: 16, batchTokensMax: 512 };
  const { runner } = await openLlamaModel({ path: modelPath, threads: 1, ...limits });
  return new Engine({ runner });
}

export async function measureConversations(subject: Subject, command: Conversations): Promise<Duration> {
  small ??= openSmall(subject);
  const engine = await small;
  const watch = startStopwatch();
  await holdConversations(command, {
    encode: (text) => subject.encode(text),
    async answer(tokens, count) {
      const request = makeRequest({
        promptTokens: [...tokens],
        maxTokens: count,
        ignoreEnd: true,
        speculate: false,
        cacheTokensMax: command.isCached ? null : 0,
      });
      const { choices } = await generate(engine, request);
      return choices[0]!;
    },
  });
  return watch();
}
