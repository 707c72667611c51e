/** One line of a training file, checked. */
export interface ChatExample {
  readonly messages: readonly ChatMessage[];
  /** Tool definitions, passed to the template. */
  readonly tools: readonly unknown[] | null;
  /** Line in the file, from 1. */
  readonly line: number;
}

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant' | 'tool';
  readonly content: string;
  readonly toolCalls: readonly unknown[] | null;
  /** Assistant turns only: 0 leaves the turn out of the loss. */
  readonly weight: number;
  /** The message as it was written, for templates that read more than role and content. */
  readonly source: Readonly<Record<string, unknown>>;
}

/** A line that cannot be trained on. The message says what is wrong and where in the line. */
export class ExampleError extends Error {
  override name = 'ExampleError';
  readonly line: number;
  /** The message without the number. */
  readonly reason: string;

  constructor(line: number, reason: string) {
    super(`line ${line}: ${reason}`);
    this.line = line;
    this.reason = reason;
  }
}

const roles = new Set(['system', 'user', 'assistant', 'tool']);

/** Reads one JSONL line in the chat format of the platform. Throws ExampleError. */
export function parseChatExample(text: string, line: number): ChatExample {
  const fail = (problem: string): never => {
    throw new ExampleError(line, problem);
  };
  const json = parseLine(text, fail);
  const { messages, tools } = json;
  if (!Array.isArray(messages)) return fail('needs a list "messages"');
  if (messages.length === 0) return fail('"messages" is empty');
  if (tools !== undefined && tools !== null && !Array.isArray(tools)) return fail('"tools" is not a list');
  const parsed = messages.map((message, index) => parseMessage(message, `messages[${index}]`, fail));
  checkOrder(parsed, fail);
  return { messages: parsed, tools: (tools as readonly unknown[] | null | undefined) ?? null, line };
}

type Fail = (problem: string) => never;

function parseLine(text: string, fail: Fail): Record<string, unknown> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // V8's message quotes the line, and content of examples belongs into no error text or log.
    return fail('is not JSON');
  }
  return isRecord(json) ? json : fail('is not a JSON object');
}

function parseMessage(value: unknown, where: string, fail: Fail): ChatMessage {
  if (!isRecord(value)) return fail(`${where} is not an object`);
  const { role, weight } = value;
  if (typeof role !== 'string' || !roles.has(role)) {
    return fail(
      `${where}.role is ${JSON.stringify(role)?.slice(0, 40) ?? 'absent'}: use system, user, assistant or tool`,
    );
  }
  if (weight !== undefined && weight !== 0 && weight !== 1) return fail(`${where}.weight must be 0 or 1`);
  if (weight !== undefined && role !== 'assistant')
    return fail(`${where}.weight: only assistant turns have one`);
  const toolCalls = value.tool_calls ?? null;
  if (toolCalls !== null && !Array.isArray(toolCalls)) return fail(`${where}.tool_calls is not a list`);
  const content = parseContent(value.content, where, fail);
  const isEmpty = content.trim() === '' && (toolCalls === null || toolCalls.length === 0);
  if (role === 'assistant' && isEmpty) return fail(`${where} is an empty assistant turn`);
  return {
    role: role as ChatMessage['role'],
    content,
    toolCalls,
    weight: role === 'assistant' ? ((weight as number | undefined) ?? 1) : 0,
    source: value,
  };
}

function parseContent(content: unknown, where: string, fail: Fail): string {
  if (content === null || content === undefined) return '';
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return fail(`${where}.content is neither text nor a list of parts`);
  return content
    .map((part: unknown, index) => {
      if (isRecord(part) && part.type === 'text' && typeof part.text === 'string') return part.text;
      return fail(`${where}.content[${index}] is not a text part: only text can be trained on`);
    })
    .join('');
}

function checkOrder(messages: readonly ChatMessage[], fail: Fail): void {
  messages.forEach((message, index) => {
    if (message.role === 'system' && index > 0)
      fail(`messages[${index}]: a system message can only come first`);
    if (message.role === 'tool' && !messages.slice(0, index).some((earlier) => earlier.toolCalls !== null)) {
      fail(`messages[${index}]: a tool message needs an assistant turn with tool_calls before it`);
    }
  });
  if (!messages.some((message) => message.weight > 0)) {
    fail('has no assistant turn to learn from (each is missing or has weight 0)');
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
