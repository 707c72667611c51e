import type { ChatCompletionRequest } from '@sparkler/sdk';
import type { Command } from 'commander';
import type { Act } from '../act.ts';
import { readName } from '../names.ts';
import type { Session } from '../session.ts';

interface ChatFlags {
  readonly system?: string;
  readonly temperature?: string;
  readonly maxTokens?: string;
  readonly message?: string;
}

type Message = ChatCompletionRequest['messages'][number];

/** `firectl chat <model>`: talk to a model; or one question with --message, the answer on standard output. */
export function addChatCommand(program: Command, act: Act): void {
  const command = program
    .command('chat [model]')
    .description('Talk to a model. An empty line or Ctrl-D ends the talk.')
    .option('--message <string>', 'ask one question and print the answer')
    .option('--system <string>', 'system prompt')
    .option('--temperature <float>', '0 is the most likely answer')
    .option('--max-tokens <int>', 'longest answer, in tokens')
    .addHelpText('after', '\nExample:\n  firectl chat smollm2-135m-instruct --message "What is a spark?"');
  command.action(
    act((session: Session, model: string | undefined, flags: ChatFlags) =>
      chat(session, readName(model), flags),
    ),
  );
}

async function chat(session: Session, model: string, flags: ChatFlags): Promise<void> {
  const messages: Message[] = flags.system === undefined ? [] : [{ role: 'system', content: flags.system }];
  if (flags.message !== undefined) {
    messages.push({ role: 'user', content: flags.message });
    await answer(session, model, messages, flags);
    return;
  }
  for (;;) {
    const question = await session.streams.ask('> ');
    if (question === null || question.trim() === '') return;
    messages.push({ role: 'user', content: question });
    messages.push({ role: 'assistant', content: await answer(session, model, messages, flags) });
  }
}

/** Streams one answer to standard output, and returns it. */
async function answer(
  session: Session,
  model: string,
  messages: readonly Message[],
  flags: ChatFlags,
): Promise<string> {
  const stream = await session.client().chat.completions.create(
    {
      model,
      messages,
      stream: true,
      ...(flags.temperature === undefined ? {} : { temperature: Number(flags.temperature) }),
      ...(flags.maxTokens === undefined ? {} : { max_tokens: Number(flags.maxTokens) }),
    },
    { signal: session.signal },
  );
  let text = '';
  for await (const chunk of stream) {
    const part = chunk.choices[0]?.delta.content ?? '';
    text += part;
    session.streams.write(part);
  }
  session.streams.write('\n');
  return text;
}
