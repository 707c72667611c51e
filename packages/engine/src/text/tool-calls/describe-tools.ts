import type { TemplateTool } from '../chat-template/template-message.ts';

/** System prompt for models whose template has no words for tools; asks for the Hermes form of calls. */
export function describeTools(tools: readonly TemplateTool[]): string {
  const lines = tools.map((tool) => JSON.stringify(tool.function));
  return [
    'You can call functions. The functions you have, one JSON description a line:',
    '<tools>',
    ...lines,
    '</tools>',
    'To call a function, answer with its name and arguments as JSON inside tool_call tags, one pair of tags a call:',
    '<tool_call>',
    '{"name": "function name", "arguments": {"argument name": "value"}}',
    '</tool_call>',
    'The result comes back inside tool_response tags. Answer in plain text when no function is needed.',
  ].join('\n');
}

/** A call of an earlier turn in the same form. */
export function writeHermesCall(name: string, callArguments: Record<string, unknown> | string): string {
  const json = typeof callArguments === 'string' ? callArguments : JSON.stringify(callArguments);
  return `<tool_call>\n{"name": ${JSON.stringify(name)}, "arguments": ${json}}\n</tool_call>`;
}
