import type { ChatMessage, ContentPart, ToolCallInput } from '@sparkler/api';
import type { TextGuard } from '../control-tokens.ts';
import type { TemplateAbilities } from './probe-template.ts';
import { ChatTemplateError } from './template-error.ts';
import type { TemplateMessage, TemplateToolCall } from './template-message.ts';

export type ReasoningHistory = 'disabled' | 'interleaved' | 'preserved';

export interface PrepareOptions {
  readonly guard: TextGuard;
  readonly abilities: TemplateAbilities;
  /** Which earlier reasoning the template gets to see; null: all, the template decides. */
  readonly reasoningHistory: ReasoningHistory | null;
  /** Id of a call as the template wants it. */
  readonly formCallId: (id: string) => string;
}

/** The API's messages in the shape templates know, with every text of the caller guarded. */
export function prepareMessages(
  messages: readonly ChatMessage[],
  options: PrepareOptions,
): TemplateMessage[] {
  const lastUser = messages.findLastIndex((message) => message.role === 'user');
  const calls = new CallNames();
  return messages.map((message, place) => {
    const keepsReasoning =
      options.reasoningHistory === null ||
      options.reasoningHistory === 'preserved' ||
      (options.reasoningHistory === 'interleaved' && place > lastUser);
    return prepareMessage(message, place, { ...options, keepsReasoning, calls });
  });
}

interface MessageOptions extends PrepareOptions {
  readonly keepsReasoning: boolean;
  readonly calls: CallNames;
}

function prepareMessage(message: ChatMessage, place: number, options: MessageOptions): TemplateMessage {
  const { guard } = options;
  const content = guard.protect(joinContent(message.content ?? '', place));
  const named = typeof message.name === 'string' ? { name: guard.protect(message.name) } : {};
  switch (message.role) {
    case 'system':
    case 'developer':
      // One role under two names; templates know the older.
      return { role: 'system', content, ...named };
    case 'user':
      return { role: 'user', content, ...named };
    case 'assistant':
      return { role: 'assistant', content, ...named, ...prepareAnswer(message, place, options) };
    case 'tool': {
      const call = options.calls.take(message.tool_call_id ?? null);
      const name = message.name ?? call?.name;
      const id = message.tool_call_id ?? call?.id;
      return {
        role: 'tool',
        content,
        ...(name === undefined || name === null ? {} : { name: guard.protect(name) }),
        ...(id === undefined ? {} : { tool_call_id: guard.protect(options.formCallId(id)) }),
      };
    }
    case 'function': {
      const call = options.calls.take(null);
      const id = call === null ? {} : { tool_call_id: guard.protect(options.formCallId(call.id)) };
      return { role: 'tool', content, ...named, ...id };
    }
  }
}

function prepareAnswer(
  message: ChatMessage & { role: 'assistant' },
  place: number,
  options: MessageOptions,
): Partial<TemplateMessage> {
  const reasoning = message.reasoning_content;
  const calls: ToolCallInput[] = [...(message.tool_calls ?? [])] as ToolCallInput[];
  if (message.function_call) calls.push({ function: message.function_call });
  return {
    ...(typeof reasoning === 'string' && options.keepsReasoning
      ? { reasoning_content: options.guard.protect(reasoning) }
      : {}),
    ...(calls.length === 0
      ? {}
      : { tool_calls: calls.map((call, index) => prepareCall(call, `call_${place}_${index}`, options)) }),
  };
}

function prepareCall(call: ToolCallInput, spareId: string, options: MessageOptions): TemplateToolCall {
  const id = call.id ?? spareId;
  options.calls.add({ id, name: call.function.name });
  return {
    id: options.guard.protect(options.formCallId(id)),
    type: 'function',
    function: {
      name: options.guard.protect(call.function.name),
      arguments: formArguments(call.function.arguments ?? '{}', options),
    },
  };
}

function formArguments(
  given: string | Record<string, unknown>,
  options: MessageOptions,
): Record<string, unknown> | string {
  if (options.abilities.toolCalls !== 'object') {
    return options.guard.protect(typeof given === 'string' ? given : JSON.stringify(given));
  }
  const value = typeof given === 'string' ? parseObject(given) : given;
  // Text that is no JSON object (a model may have written it) is passed on as it is; the template has the
  // last word.
  if (value === null) return options.guard.protect(given as string);
  return protectValues(value, options.guard) as Record<string, unknown>;
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

/** Guards every string in a JSON value, keys too. */
export function protectValues(value: unknown, guard: TextGuard): unknown {
  if (typeof value === 'string') return guard.protect(value);
  if (Array.isArray(value)) return value.map((item) => protectValues(item, guard));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [guard.protect(key), protectValues(item, guard)]),
  );
}

/** Text parts are joined by line breaks, as vLLM and llama.cpp do. */
function joinContent(content: string | readonly (ContentPart | RefusalPart)[], place: number): string {
  if (typeof content === 'string') return content;
  return content
    .map((part, index) => {
      if (part.type === 'text') return part.text;
      if (part.type === 'refusal') return part.refusal;
      throw new ChatTemplateError(
        `messages[${place}].content[${index}] is a part of type '${part.type}'; this engine reads text only`,
      );
    })
    .join('\n');
}

interface RefusalPart {
  readonly type: 'refusal';
  readonly refusal: string;
}

interface CallName {
  readonly id: string;
  readonly name: string;
}

/** Which call a tool result answers: the one with its id or, without an id, the oldest unanswered. */
class CallNames {
  readonly #waiting: CallName[] = [];

  add(call: CallName): void {
    this.#waiting.push(call);
  }

  take(id: string | null): CallName | null {
    const index = id === null ? 0 : this.#waiting.findIndex((call) => call.id === id);
    return index < 0 ? null : (this.#waiting.splice(index, 1)[0] ?? null);
  }
}
