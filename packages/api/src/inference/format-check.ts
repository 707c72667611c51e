import { type Static, Type } from 'typebox';
import { closed, maybe, oneOf } from '../schema.ts';
import { EngineRequestExtension } from './engine-extension.ts';
import { ResponseFormat } from './response-format.ts';
import { Tool } from './tools.ts';

const requestFields = {
  model: Type.String({ minLength: 1, maxLength: 512 }),
  response_format: maybe(ResponseFormat),
  tools: maybe(Type.Array(Tool, { maxItems: 128 }), { description: 'Their parameters are checked.' }),
};

/** Body of POST /response_format/check: what a generation request would have. */
export const FormatCheckRequest = closed(requestFields, { title: 'FormatCheckRequest' });

/** The same as the gateway sends it to an engine. */
export const EngineFormatCheckRequest = closed({
  ...requestFields,
  sparkler: Type.Optional(EngineRequestExtension),
});
export type EngineFormatCheckRequest = Static<typeof EngineFormatCheckRequest>;

/** What becomes of one keyword of a schema. */
export const KeywordCheck = closed(
  {
    path: Type.String({ description: 'JSON pointer of the schema that the keyword is in.' }),
    keyword: Type.String(),
    status: oneOf(['enforced', 'unenforced', 'annotation', 'unknown'], {
      description: 'annotation restricts nothing by its nature; unknown is no keyword of JSON Schema.',
    }),
    reason: Type.Optional(Type.String()),
  },
  { title: 'KeywordCheck' },
);

/** What one schema or grammar will do. */
export const FormatCheck = closed(
  {
    field: Type.String({ description: 'Field of the request that holds the schema or grammar.' }),
    enforced: Type.Boolean({ description: 'No keyword is unenforced, so strict would take it.' }),
    keywords: Type.Array(KeywordCheck, { description: 'Empty for grammars.' }),
    cost: closed({
      compile_ms: Type.Number({ description: 'Once; the next request with it finds it compiled.' }),
      first_mask_ms: Type.Number(),
      steps: Type.Integer({ description: 'Units of work of compiling, the same on every machine.' }),
      steps_max: Type.Integer({ description: 'More than this is refused.' }),
    }),
  },
  { title: 'FormatCheck' },
);
export type FormatCheck = Static<typeof FormatCheck>;

export const FormatCheckResponse = closed(
  { object: Type.Literal('response_format.check'), model: Type.String(), checks: Type.Array(FormatCheck) },
  { title: 'FormatCheckResponse' },
);
export type FormatCheckResponse = Static<typeof FormatCheckResponse>;
