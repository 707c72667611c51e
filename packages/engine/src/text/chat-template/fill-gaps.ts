import type { ToolFamily } from '../tool-calls/tool-family.ts';
import type { TemplateAbilities } from './probe-template.ts';
import type { TemplateMessage, TemplateTool } from './template-message.ts';

/**
 * Says in plain messages what a template has no words for: tools become a system prompt, calls and results
 * become text, a system prompt goes in front of the first user message. Nothing a caller sent is dropped.
 */
export function fillGaps(
  messages: readonly TemplateMessage[],
  tools: readonly TemplateTool[] | null,
  abilities: TemplateAbilities,
  family: ToolFamily,
): TemplateMessage[] {
  let filled = [...messages];
  if (tools !== null && !abilities.tools) filled = addSystemText(filled, family.describeTools(tools));
  if (abilities.toolCalls === null) filled = filled.map((message) => writeCalls(message, family));
  if (!abilities.toolResults) filled = writeResults(filled);
  if (!abilities.systemRole) filled = moveSystemText(filled);
  return filled;
}

function addSystemText(messages: TemplateMessage[], text: string): TemplateMessage[] {
  const [first, ...rest] = messages;
  if (first?.role !== 'system') return [{ role: 'system', content: text }, ...messages];
  return [{ ...first, content: first.content === '' ? text : `${first.content}\n\n${text}` }, ...rest];
}

function writeCalls(message: TemplateMessage, family: ToolFamily): TemplateMessage {
  const { tool_calls: calls, ...rest } = message;
  if (calls === undefined) return message;
  const written = calls.map((call) => family.writeCall(call.function.name, call.function.arguments));
  return { ...rest, content: [message.content, ...written].filter((text) => text !== '').join('\n') };
}

/** Results of one turn go into one user message: templates that insist on turns would refuse several. */
function writeResults(messages: readonly TemplateMessage[]): TemplateMessage[] {
  const filled: TemplateMessage[] = [];
  let answering = false;
  for (const message of messages) {
    if (message.role !== 'tool') {
      filled.push(message);
      answering = false;
      continue;
    }
    const content = `<tool_response>\n${message.content}\n</tool_response>`;
    const last = filled.at(-1);
    if (answering && last !== undefined) {
      filled[filled.length - 1] = { role: 'user', content: `${last.content}\n${content}` };
    } else {
      filled.push({ role: 'user', content });
    }
    answering = true;
  }
  return filled;
}

function moveSystemText(messages: readonly TemplateMessage[]): TemplateMessage[] {
  const texts = messages.filter((message) => message.role === 'system').map((message) => message.content);
  const rest = messages.filter((message) => message.role !== 'system');
  const text = texts.filter((part) => part !== '').join('\n\n');
  if (text === '') return rest;
  const first = rest.findIndex((message) => message.role === 'user');
  if (first < 0) return [{ role: 'user', content: text }, ...rest];
  return rest.map((message, place) =>
    place === first ? { ...message, content: `${text}\n\n${message.content}` } : message,
  );
}
