import { type Static, Type } from 'typebox';
import { closed, maybe, nullable, oneOf } from '../schema.ts';
import { EngineRequestExtension, type EngineResponseExtension } from './engine-extension.ts';
import { Logprobs } from './logprobs.ts';
import { RawOutput } from './raw-output.ts';
import { refusedFields, samplingFields } from './sampling.ts';
import { PerfMetrics, Usage } from './usage.ts';

const tokens = Type.Array(Type.Integer({ minimum: 0 }), { minItems: 1 });

const requestFields = {
  ...samplingFields,
  prompt: Type.Union(
    [Type.String(), Type.Array(Type.String(), { minItems: 1 }), tokens, Type.Array(tokens, { minItems: 1 })],
    { description: 'One prompt or several, as text or token ids. Choices come in prompt order, n for each.' },
  ),
  images: maybe(Type.Union([Type.Array(Type.String()), Type.Array(Type.Array(Type.String()))]), {
    description: 'https URLs or data URIs for <image> in the prompt; one list a prompt.',
  }),
};

/** Body of POST /completions. */
export const CompletionRequest = closed(requestFields, {
  title: 'CompletionRequest',
  'x-refused-fields': refusedFields,
});
export type CompletionRequest = Static<typeof CompletionRequest>;

/** The same as the gateway sends it to an engine. */
export const EngineCompletionRequest = closed({
  ...requestFields,
  sparkler: Type.Optional(EngineRequestExtension),
});
export type EngineCompletionRequest = Static<typeof EngineCompletionRequest>;

export const CompletionFinishReason = oneOf(['stop', 'length', 'error']);
export type CompletionFinishReason = Static<typeof CompletionFinishReason>;

export const CompletionChoice = closed(
  {
    index: Type.Integer({ minimum: 0 }),
    text: Type.String(),
    finish_reason: nullable(CompletionFinishReason),
    logprobs: maybe(Logprobs),
    raw_output: maybe(RawOutput),
    prompt_token_ids: maybe(Type.Array(Type.Integer())),
    token_ids: maybe(Type.Array(Type.Integer())),
  },
  { title: 'CompletionChoice' },
);
export type CompletionChoice = Static<typeof CompletionChoice>;

const envelope = {
  id: Type.String(),
  object: Type.Literal('text_completion'),
  created: Type.Integer({ description: 'Unix seconds.' }),
  model: Type.String(),
  choices: Type.Array(CompletionChoice),
  perf_metrics: maybe(PerfMetrics),
};

export const Completion = closed({ ...envelope, usage: Usage }, { title: 'Completion' });
export type Completion = Static<typeof Completion>;

/** `usage` is null in all chunks but the last. */
export const CompletionChunk = closed({ ...envelope, usage: maybe(Usage) }, { title: 'CompletionChunk' });
export type CompletionChunk = Static<typeof CompletionChunk>;

/** As an engine sends it. */
export type EngineCompletion = Completion & { sparkler: EngineResponseExtension };
/** As an engine sends it: the extension is in the chunk that has usage. */
export type EngineCompletionChunk = CompletionChunk & { sparkler?: EngineResponseExtension };
