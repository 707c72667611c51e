import type { EngineCommand } from './commands.ts';

type Conversations = Extract<EngineCommand, { kind: 'conversations' }>;

/** What a contestant does in a conversation. */
export interface Talker {
  readonly encode: (text: string) => Promise<readonly number[]> | readonly number[];
  /** Exactly `count` tokens that follow. */
  readonly answer: (tokens: readonly number[], count: number) => Promise<readonly number[]>;
}

const answerTokens = 16;
const systemPrompt = `<|im_start|>system
You are the assistant of a small town library. Answer briefly, name the shelf where a book stands, and never invent
titles. The library is open from nine to six on weekdays and from ten to two on Saturdays.<|im_end|>
`;
let made = 0;

/**
 * Holds all conversations side by side; each turn sends the whole conversation again.
 * Names differ from call to call, so that no earlier call's prefixes serve beyond the system prompt.
 */
export async function holdConversations(
  { count, turns }: Conversations,
  { encode, answer }: Talker,
): Promise<void> {
  made += 1;
  await Promise.all(
    Array.from({ length: count }, async (_, person) => {
      let tokens = [...(await encode(systemPrompt))];
      for (let turn = 0; turn < turns; turn += 1) {
        const question = `<|im_start|>user\nReader ${made}.${person}: where are books about topic ${
          person * turns + turn
        }?<|im_end|>\n<|im_start|>assistant\n`;
        tokens = [...tokens, ...(await encode(question))];
        tokens = [...tokens, ...(await answer(tokens, answerTokens))];
      }
    }),
  );
}
