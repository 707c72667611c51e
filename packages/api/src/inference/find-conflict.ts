import type { Problem } from '../problem.ts';
import type { EngineChatCompletionRequest } from './chat-completion.ts';
import type { EngineCompletionRequest } from './completion.ts';
import type { EngineEmbeddingRequest } from './embedding.ts';
import type { ChatMessage } from './messages.ts';
import type { FunctionDefinition } from './tools.ts';

/**
 * What a schema can't say about a request: fields that exclude or need each other. An option that would have
 * no effect is refused rather than ignored. null and absent are the same.
 */
export function findChatConflict(request: EngineChatCompletionRequest): Problem | null {
  return findSamplingConflict(request) ?? findToolConflict(request) ?? findMessageConflict(request.messages);
}

export function findCompletionConflict(request: EngineCompletionRequest): Problem | null {
  return findSamplingConflict(request);
}

export function findEmbeddingConflict(request: EngineEmbeddingRequest): Problem | null {
  const inputs = Array.isArray(request.input) ? request.input : [request.input];
  const hasObjects = inputs.some((input) => typeof input === 'object' && !Array.isArray(input));
  const hasTemplate = isSet(request.prompt_template);
  if (hasObjects && !hasTemplate) return needs(request, 'input', 'prompt_template, since it holds objects');
  if (hasTemplate && !hasObjects)
    return { field: 'input', message: 'input must be objects: there is a prompt_template' };
  if (isSet(request.return_logits)) return excludes(request, 'return_logits', 'dimensions', 'normalize');
  return null;
}

function findSamplingConflict(
  request: EngineCompletionRequest | EngineChatCompletionRequest,
): Problem | null {
  const topLogprobsAlone = isSet(request.top_logprobs) && request.logprobs !== true;
  return (
    excludes(request, 'max_tokens', 'max_completion_tokens') ??
    excludes(request, 'thinking', 'reasoning_effort') ??
    excludes(request, 'prediction', 'speculation') ??
    excludes(request, 'echo', 'echo_last') ??
    (topLogprobsAlone ? needs(request, 'top_logprobs', 'logprobs: true') : null) ??
    (isSet(request.stream_options) && !request.stream
      ? needs(request, 'stream_options', 'stream: true')
      : null) ??
    (isSet(request.mirostat_target) ? null : needs(request, 'mirostat_lr', 'mirostat_target')) ??
    findFormatConflict(request)
  );
}

function findFormatConflict(request: EngineCompletionRequest | EngineChatCompletionRequest): Problem | null {
  const format = request.response_format;
  if (!format || format.type === 'text' || format.type === 'grammar') return null;
  const count = Number(isSet(format.schema)) + Number(isSet(format.json_schema));
  if (count === 2) {
    const message = "response_format must have 'schema' or 'json_schema', not both";
    return { field: 'response_format.schema', message };
  }
  if (count === 1 || format.type === 'json_object') return null;
  return { field: 'response_format.json_schema', message: "missing field 'json_schema' in response_format" };
}

function findToolConflict(request: EngineChatCompletionRequest): Problem | null {
  const definitions = request.tools?.map((tool) => tool.function) ?? request.functions ?? [];
  return (
    excludes(request, 'tools', 'functions') ??
    excludes(request, 'tool_choice', 'function_call') ??
    findDuplicateTool(definitions, isSet(request.tools)) ??
    findChoiceConflict(request, definitions)
  );
}

function findDuplicateTool(definitions: readonly FunctionDefinition[], isToolForm: boolean): Problem | null {
  const index = definitions.findIndex(
    (definition, place) => definitions.findIndex((other) => other.name === definition.name) < place,
  );
  if (index < 0) return null;
  const field = isToolForm ? `tools[${index}].function.name` : `functions[${index}].name`;
  return { field, message: `${field} must differ from the names before it` };
}

function findChoiceConflict(
  request: EngineChatCompletionRequest,
  definitions: readonly FunctionDefinition[],
): Problem | null {
  const field = isSet(request.tool_choice) ? 'tool_choice' : 'function_call';
  const choice = request.tool_choice ?? request.function_call;
  if (!choice || choice === 'auto' || choice === 'none') return null;
  if (definitions.length === 0) return { field, message: `${field} asks for a call but there are no tools` };
  if (typeof choice === 'string') return null;
  const names = [choice.name, 'function' in choice ? choice.function?.name : undefined].filter(isSet);
  if (new Set(names).size > 1) return { field, message: `${field} names two functions; name one` };
  if (names.length === 0 || definitions.some((definition) => definition.name === names[0])) return null;
  return { field, message: `${field} names '${names[0]}', which is not among the tools` };
}

function findMessageConflict(messages: readonly ChatMessage[]): Problem | null {
  for (const [index, message] of messages.entries()) {
    if (message.role !== 'assistant') continue;
    const { content, tool_calls, function_call, reasoning_content, refusal } = message;
    if ([content, tool_calls, function_call, reasoning_content, refusal].some(isSet)) continue;
    return { field: `messages[${index}].content`, message: `messages[${index}] needs content or tool_calls` };
  }
  return null;
}

/** The first of `others` that is set beside `field`. */
function excludes<T extends object>(
  request: T,
  field: keyof T & string,
  ...others: (keyof T & string)[]
): Problem | null {
  if (!isSet(request[field])) return null;
  const other = others.find((name) => isSet(request[name]));
  return other === undefined ? null : { field: other, message: `send ${field} or ${other}, not both` };
}

function needs<T extends object>(request: T, field: keyof T & string, wanted: string): Problem | null {
  return isSet(request[field]) ? { field, message: `${field} needs ${wanted}` } : null;
}

/** A flag that is off counts as not set: SDKs send defaults. */
function isSet(value: unknown): boolean {
  return value !== null && value !== undefined && value !== false;
}
