import type { Tool } from '@sparkler/api';
import type { ToolSignatures } from '../../text/tool-calls/tool-family.ts';
import { refuseField } from '../check-body.ts';
import type { ChatBody } from '../request-schemas.ts';

/** What a request says about tools. */
export interface ToolsPlan {
  /** Tools the prompt tells of; null: none. */
  readonly shown: readonly Tool[] | null;
  /** Tools whose calls are read from the answer; null: nothing is read, the answer is text. */
  readonly parsed: ToolSignatures | null;
  /** A call the answer has to be: of this tool, or of any; null: the model decides. */
  readonly forced: { readonly name: string | null } | null;
  /** Whether one answer may hold several calls. */
  readonly parallel: boolean;
}

/** `tools` and `tool_choice`, or their deprecated forms `functions` and `function_call`. */
export function resolveTools(body: ChatBody): ToolsPlan {
  const tools = body.tools ?? null;
  const functions = body.functions ?? null;
  if (tools !== null && functions !== null) {
    throw refuseField('functions', 'send tools or functions, not both: functions is the older form of tools');
  }
  const all = tools ?? functions?.map((item): Tool => ({ type: 'function', function: item })) ?? [];
  checkNames(all, functions === null ? 'tools' : 'functions');
  const choice = readChoice(body);
  if (all.length === 0) {
    if (choice.forced !== null) {
      throw refuseField('tool_choice', 'tool_choice asks for a call, but the request has no tools');
    }
    return { shown: null, parsed: null, forced: null, parallel: false };
  }
  const { forced } = choice;
  if (forced !== null && forced.name !== null && !all.some((tool) => tool.function.name === forced.name)) {
    throw refuseField(
      'tool_choice',
      `tool_choice names the function '${forced.name}', which is not among the tools`,
    );
  }
  // 'none' is the specification's "similar to not specifying": the model is not told of tools it may not use.
  if (choice.none) return { shown: null, parsed: null, forced: null, parallel: false };
  return {
    shown: all,
    parsed: new Map(all.map((tool) => [tool.function.name, tool.function.parameters ?? {}])),
    forced,
    // OpenAI's older functions have one `function_call` an answer.
    parallel: body.parallel_tool_calls ?? functions === null,
  };
}

interface Choice {
  readonly none: boolean;
  readonly forced: { readonly name: string | null } | null;
}

function readChoice(body: ChatBody): Choice {
  const choice = body.tool_choice ?? body.function_call ?? 'auto';
  if (choice === 'auto') return { none: false, forced: null };
  if (choice === 'none') return { none: true, forced: null };
  if (choice === 'any' || choice === 'required') return { none: false, forced: { name: null } };
  const name = 'function' in choice ? (choice.function?.name ?? choice.name) : choice.name;
  return { none: false, forced: { name: name ?? null } };
}

function checkNames(tools: readonly Tool[], field: string): void {
  const seen = new Set<string>();
  tools.forEach((tool, index) => {
    const { name } = tool.function;
    if (seen.has(name))
      throw refuseField(
        `${field}[${index}].function.name`,
        `two tools are named '${name}'; names must differ`,
      );
    seen.add(name);
  });
}
