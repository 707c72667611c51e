import { type Static, Type } from 'typebox';
import { closed, freeJson, maybe, oneOf, taggedUnion } from '../schema.ts';
import { FunctionName, ToolCallInput } from './tools.ts';

export const TextPart = closed({ type: Type.Literal('text'), text: Type.String() });

export const ImagePart = closed({
  type: Type.Literal('image_url'),
  image_url: closed({
    url: Type.String({ minLength: 1, description: 'https URL or data URI.' }),
    detail: maybe(oneOf(['auto', 'low', 'high'])),
  }),
});

export const VideoPart = closed({
  type: Type.Literal('video_url'),
  video_url: closed({
    url: Type.String({ minLength: 1, description: 'https URL or data URI.' }),
    detail: maybe(oneOf(['auto', 'low', 'high'])),
    max_frames: maybe(Type.Integer({ minimum: 1 })),
    sample_fps: maybe(Type.Number({ exclusiveMinimum: 0 })),
    spatial_limit: maybe(Type.Integer({ minimum: 1 })),
  }),
});

export const RefusalPart = closed({ type: Type.Literal('refusal'), refusal: Type.String() });

export const ContentPart = taggedUnion('type', [TextPart, ImagePart, VideoPart], { title: 'ContentPart' });
export type ContentPart = Static<typeof ContentPart>;

const textContent = Type.Union([Type.String(), Type.Array(TextPart, { minItems: 1 })]);
const mixedContent = Type.Union([Type.String(), Type.Array(ContentPart, { minItems: 1 })]);
const assistantContent = maybe(
  Type.Union([Type.String(), Type.Array(taggedUnion('type', [TextPart, RefusalPart]), { minItems: 1 })]),
);

/**
 * Fields SDKs dump as null on every message (`model_dump()` of a whole answer, older Fireworks clients).
 * Accepted empty everywhere so that an answer can be sent back unchanged.
 */
const emptyFields = {
  tool_calls: Type.Optional(Type.Union([Type.Null(), Type.Array(Type.Unknown(), { maxItems: 0 })])),
  tool_call_id: Type.Optional(Type.Null()),
  function_call: Type.Optional(Type.Null()),
  reasoning_content: Type.Optional(Type.Null()),
  refusal: Type.Optional(Type.Null()),
  audio: Type.Optional(Type.Null()),
  annotations: Type.Optional(Type.Union([Type.Null(), Type.Array(Type.Unknown(), { maxItems: 0 })])),
};

const name = maybe(Type.String({ maxLength: 256 }));

export const SystemMessage = closed({
  ...emptyFields,
  role: Type.Literal('system'),
  content: textContent,
  name,
});
export const DeveloperMessage = closed({
  ...emptyFields,
  role: Type.Literal('developer'),
  content: textContent,
  name,
});
export const UserMessage = closed({
  ...emptyFields,
  role: Type.Literal('user'),
  content: mixedContent,
  name,
});

export const AssistantMessage = closed({
  ...emptyFields,
  role: Type.Literal('assistant'),
  content: assistantContent,
  reasoning_content: maybe(Type.String()),
  refusal: maybe(Type.String()),
  annotations: maybe(Type.Array(freeJson())),
  tool_calls: maybe(Type.Array(ToolCallInput)),
  function_call: maybe(closed({ name: FunctionName, arguments: Type.String() })),
  name,
});

/**
 * `tool_call_id` is optional: the spec's own example leaves it out; then results follow the order of the
 * calls.
 */
export const ToolMessage = closed({
  ...emptyFields,
  role: Type.Literal('tool'),
  content: textContent,
  tool_call_id: maybe(Type.String()),
  name,
});

/** Deprecated OpenAI form of ToolMessage. */
export const FunctionMessage = closed({
  ...emptyFields,
  role: Type.Literal('function'),
  content: maybe(Type.String()),
  name: Type.String(),
});

// User and assistant first: a check tries the branches in this order.
export const ChatMessage = taggedUnion(
  'role',
  [UserMessage, AssistantMessage, ToolMessage, SystemMessage, DeveloperMessage, FunctionMessage],
  { title: 'ChatMessage' },
);
export type ChatMessage = Static<typeof ChatMessage>;
