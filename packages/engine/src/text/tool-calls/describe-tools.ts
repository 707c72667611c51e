import type { TemplateTool } from '../chat-template/template-message.ts';

/** System prompt for models whose template has no words for tools; asks for the Hermes form of calls. */
export function describeTools(tools: readonly TemplateTool[]): string {
  const call =
    '<tool_call>\n{"name": "function name", "arguments": {"argument name": "value"}}\n</tool_call>';
  return `${listTools(tools, call)}\nThe result comes back inside tool_response tags.`;
}

/** The tools, and how to call one in the words of some family. */
export function listTools(tools: readonly TemplateTool[], call: string): string {
  return [
    'You can call functions. The functions you have, one JSON description a line:',
    '<tools>',
    ...tools.map((tool) => JSON.stringify(tool.function)),
    '</tools>',
    'To call a function, answer with its name and its arguments as JSON in exactly this form:',
    call,
    'Answer in plain text when no function is needed.',
  ].join('\n');
}

/** A call of an earlier turn in the same form. */
export function writeHermesCall(name: string, callArguments: Record<string, unknown> | string): string {
  const json = typeof callArguments === 'string' ? callArguments : JSON.stringify(callArguments);
  return `<tool_call>\n{"name": ${JSON.stringify(name)}, "arguments": ${json}}\n</tool_call>`;
}
