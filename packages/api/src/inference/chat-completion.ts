import { type Static, Type } from 'typebox';
import { closed, maybe, nullable, oneOf } from '../schema.ts';
import { EngineRequestExtension, type EngineResponseExtension } from './engine-extension.ts';
import { Logprobs } from './logprobs.ts';
import { ChatMessage } from './messages.ts';
import { RawOutput } from './raw-output.ts';
import { refusedFields, samplingFields } from './sampling.ts';
import {
  FunctionCallChoice,
  FunctionDefinition,
  Tool,
  ToolCall,
  ToolCallDelta,
  ToolChoice,
} from './tools.ts';
import { PerfMetrics, Usage } from './usage.ts';

const requestFields = {
  ...samplingFields,
  messages: Type.Array(ChatMessage, { minItems: 1 }),
  tools: maybe(Type.Array(Tool)),
  tool_choice: maybe(ToolChoice),
  parallel_tool_calls: maybe(Type.Boolean(), { description: 'Whether one answer may hold several calls.' }),
  functions: maybe(Type.Array(FunctionDefinition), { description: 'Deprecated form of tools.' }),
  function_call: maybe(FunctionCallChoice, { description: 'Deprecated form of tool_choice.' }),
  prompt_truncate_len: maybe(Type.Integer({ minimum: 1 }), {
    description: 'Drop the oldest messages until the prompt has at most this many tokens.',
  }),
  safe_tokenization: maybe(Type.Boolean(), {
    description: 'Read special tokens written inside messages as plain text.',
  }),
};

/** Body of POST /chat/completions. */
export const ChatCompletionRequest = closed(requestFields, {
  title: 'ChatCompletionRequest',
  'x-refused-fields': refusedFields,
});
export type ChatCompletionRequest = Static<typeof ChatCompletionRequest>;

/** The same as the gateway sends it to an engine. */
export const EngineChatCompletionRequest = closed({
  ...requestFields,
  sparkler: Type.Optional(EngineRequestExtension),
});
export type EngineChatCompletionRequest = Static<typeof EngineChatCompletionRequest>;

export const ChatFinishReason = oneOf(['stop', 'length', 'tool_calls', 'function_call']);
export type ChatFinishReason = Static<typeof ChatFinishReason>;

export const ChatAnswer = closed(
  {
    role: Type.Literal('assistant'),
    content: nullable(Type.String()),
    reasoning_content: maybe(Type.String()),
    tool_calls: maybe(Type.Array(ToolCall)),
    function_call: maybe(closed({ name: Type.String(), arguments: Type.String() })),
  },
  { title: 'ChatAnswer' },
);
export type ChatAnswer = Static<typeof ChatAnswer>;

const tokenIds = maybe(Type.Array(Type.Integer()));

export const ChatChoice = closed(
  {
    index: Type.Integer({ minimum: 0 }),
    message: ChatAnswer,
    finish_reason: nullable(ChatFinishReason),
    logprobs: maybe(Logprobs),
    raw_output: maybe(RawOutput),
    token_ids: tokenIds,
  },
  { title: 'ChatChoice' },
);
export type ChatChoice = Static<typeof ChatChoice>;

export const ChatDelta = closed({
  role: Type.Optional(Type.Literal('assistant')),
  content: maybe(Type.String()),
  reasoning_content: maybe(Type.String()),
  tool_calls: Type.Optional(Type.Array(ToolCallDelta)),
  function_call: Type.Optional(
    closed({ name: Type.Optional(Type.String()), arguments: Type.Optional(Type.String()) }),
  ),
});
export type ChatDelta = Static<typeof ChatDelta>;

export const ChatChunkChoice = closed({
  index: Type.Integer({ minimum: 0 }),
  delta: ChatDelta,
  finish_reason: nullable(ChatFinishReason),
  logprobs: maybe(Logprobs),
  raw_output: maybe(RawOutput),
  token_ids: tokenIds,
  prompt_token_ids: tokenIds,
});
export type ChatChunkChoice = Static<typeof ChatChunkChoice>;

const envelope = {
  id: Type.String(),
  created: Type.Integer({ description: 'Unix seconds.' }),
  model: Type.String(),
  perf_metrics: maybe(PerfMetrics),
  prompt_token_ids: tokenIds,
};

export const ChatCompletion = closed(
  { ...envelope, object: Type.Literal('chat.completion'), choices: Type.Array(ChatChoice), usage: Usage },
  { title: 'ChatCompletion' },
);
export type ChatCompletion = Static<typeof ChatCompletion>;

/** `usage` is null in all chunks but the last one with choices, which has finish_reason too. */
export const ChatCompletionChunk = closed(
  {
    ...envelope,
    object: Type.Literal('chat.completion.chunk'),
    choices: Type.Array(ChatChunkChoice),
    usage: maybe(Usage),
  },
  { title: 'ChatCompletionChunk' },
);
export type ChatCompletionChunk = Static<typeof ChatCompletionChunk>;

/** As an engine sends it. */
export type EngineChatCompletion = ChatCompletion & { sparkler: EngineResponseExtension };
/** As an engine sends it: the extension is in the chunk that has usage. */
export type EngineChatCompletionChunk = ChatCompletionChunk & { sparkler?: EngineResponseExtension };
