/** Forms that the lines of a dataset can have; all lines of one have the same. */
export type ExampleForm =
  /** Chats to learn from: with an assistant turn. */
  | 'CHAT'
  | 'COMPLETION'
  /** Chats to answer: the model's turn is missing. */
  | 'RL'
  /** Requests of a batch inference job. */
  | 'REQUEST';

/** What a line holds. */
export interface CheckedExample {
  readonly form: ExampleForm;
  /** Messages, or prompt and completion. */
  readonly turns: number;
  readonly characters: number;
}

/** A line that is no example. The message says what is wrong and where in the line. */
export class ExampleError extends Error {
  override readonly name = 'ExampleError';
}

const ROLES: ReadonlySet<unknown> = new Set(['system', 'user', 'assistant', 'tool']);

/** Reads one line of a JSONL dataset. Throws ExampleError. */
export function checkExample(text: string): CheckedExample {
  const example = parse(text);
  if (isObject(example.body)) return checkRequest(example.body, example.custom_id);
  if ('messages' in example) return checkChat(example);
  if ('prompt' in example) return checkCompletion(example);
  throw new ExampleError('has neither "messages" nor "prompt"');
}

function checkRequest(body: Record<string, unknown>, id: unknown): CheckedExample {
  if (typeof id !== 'string' || id === '')
    throw new ExampleError('has a "body" and needs a "custom_id" with it');
  const { turns, characters } =
    'messages' in body
      ? readMessages(body.messages, 'body.messages')
      : readPrompt(body.prompt, 'body.prompt');
  return { form: 'REQUEST', turns, characters };
}

function checkChat(example: Record<string, unknown>): CheckedExample {
  const { tools } = example;
  if (tools !== undefined && tools !== null && !Array.isArray(tools))
    throw new ExampleError('"tools" is not a list');
  const { turns, characters, hasAnswer } = readMessages(example.messages, 'messages');
  return { form: hasAnswer ? 'CHAT' : 'RL', turns, characters };
}

function checkCompletion({ prompt, completion }: Record<string, unknown>): CheckedExample {
  if (typeof completion !== 'string' || completion === '') {
    throw new ExampleError('has a "prompt" and needs a "completion", a text that is not empty');
  }
  const { characters } = readPrompt(prompt, 'prompt');
  return { form: 'COMPLETION', turns: 2, characters: characters + completion.length };
}

function readPrompt(prompt: unknown, where: string): { turns: number; characters: number } {
  if (typeof prompt !== 'string') throw new ExampleError(`"${where}" is not a text`);
  return { turns: 1, characters: prompt.length };
}

function readMessages(messages: unknown, where: string) {
  if (!Array.isArray(messages)) throw new ExampleError(`"${where}" is not a list`);
  if (messages.length === 0) throw new ExampleError(`"${where}" is empty`);
  let [characters, hasAnswer] = [0, false];
  for (const [index, message] of messages.entries()) {
    characters += checkMessage(message, `${where}[${index}]`, index);
    hasAnswer ||= (message as { role: string }).role === 'assistant';
  }
  return { turns: messages.length, characters, hasAnswer };
}

/** Returns the characters of its content. */
function checkMessage(message: unknown, where: string, index: number): number {
  if (!isObject(message)) throw new ExampleError(`${where} is not an object`);
  const { role, content, tool_calls: calls, weight } = message;
  if (!ROLES.has(role)) {
    const shown = JSON.stringify(role)?.slice(0, 40) ?? 'absent';
    throw new ExampleError(`${where}.role is ${shown}: use system, user or assistant`);
  }
  if (role === 'system' && index > 0)
    throw new ExampleError(`${where}: a system message can only come first`);
  if (weight !== undefined && weight !== 0 && weight !== 1)
    throw new ExampleError(`${where}.weight must be 0 or 1`);
  if (calls !== undefined && calls !== null && !Array.isArray(calls)) {
    throw new ExampleError(`${where}.tool_calls is not a list`);
  }
  if (content === undefined || content === null) {
    if (role === 'assistant' && Array.isArray(calls) && calls.length > 0) return 0;
    throw new ExampleError(`${where}.content is missing`);
  }
  if (typeof content === 'string') return content.length;
  if (!Array.isArray(content))
    throw new ExampleError(`${where}.content is neither a text nor a list of parts`);
  return content.reduce((sum: number, part, at) => sum + checkPart(part, `${where}.content[${at}]`), 0);
}

function checkPart(part: unknown, where: string): number {
  if (!isObject(part) || typeof part.type !== 'string') throw new ExampleError(`${where} has no type`);
  if (part.type !== 'text') return 0;
  if (typeof part.text !== 'string') throw new ExampleError(`${where}.text is not a text`);
  return part.text.length;
}

function parse(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // V8's message quotes the line, and content of examples belongs into no error text or log.
    throw new ExampleError('is not JSON');
  }
  if (isObject(value)) return value;
  throw new ExampleError('is not a JSON object');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
