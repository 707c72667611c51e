import { type Static, Type } from 'typebox';
import { closed, freeObject, maybe, oneOf } from '../schema.ts';

export const FunctionName = Type.String({
  pattern: '^[A-Za-z0-9_-]{1,64}$',
  'x-rule': 'must be 1 to 64 of a-z, A-Z, 0-9, underscore and dash',
});

export const FunctionDefinition = closed({
  name: FunctionName,
  description: maybe(Type.String()),
  parameters: maybe(freeObject(), { description: 'JSON Schema of the arguments. Default: no arguments.' }),
  strict: maybe(Type.Boolean(), {
    description:
      'Refuse parameters with keywords that cannot be enforced; arguments follow the others anyway.',
  }),
});
export type FunctionDefinition = Static<typeof FunctionDefinition>;

export const Tool = closed(
  { type: Type.Literal('function'), function: FunctionDefinition },
  { title: 'Tool' },
);
export type Tool = Static<typeof Tool>;

/**
 * `any`, `required` and `{type: 'function'}` force some call; a name forces that one; both spellings of the
 * named form are in use.
 */
export const ToolChoice = Type.Union(
  [
    oneOf(['auto', 'none', 'any', 'required']),
    closed({
      type: Type.Literal('function'),
      function: maybe(closed({ name: FunctionName })),
      name: maybe(FunctionName),
    }),
  ],
  { title: 'ToolChoice', description: 'Default auto.' },
);
export type ToolChoice = Static<typeof ToolChoice>;

/** Deprecated OpenAI form of ToolChoice. */
export const FunctionCallChoice = Type.Union([oneOf(['auto', 'none']), closed({ name: FunctionName })]);

/** A call in an answer: arguments are the JSON text the model wrote. */
export const ToolCall = closed(
  {
    id: Type.String(),
    index: Type.Optional(Type.Integer({ minimum: 0 })),
    type: Type.Literal('function'),
    function: closed({ name: Type.String(), arguments: Type.String() }),
  },
  { title: 'ToolCall' },
);
export type ToolCall = Static<typeof ToolCall>;

/** A call sent back in a message: looser than in answers, since clients rebuild it in many ways. */
export const ToolCallInput = closed({
  id: maybe(Type.String()),
  index: maybe(Type.Integer({ minimum: 0 })),
  type: Type.Optional(Type.Literal('function')),
  function: closed({
    name: FunctionName,
    arguments: maybe(Type.Union([Type.String(), freeObject()]), { description: 'JSON text, or the object.' }),
  }),
});
export type ToolCallInput = Static<typeof ToolCallInput>;

/** A piece of a call in a stream: the first has id, type and name; later ones add to `arguments`. */
export const ToolCallDelta = closed({
  index: Type.Integer({ minimum: 0 }),
  id: Type.Optional(Type.String()),
  type: Type.Optional(Type.Literal('function')),
  function: Type.Optional(
    closed({ name: Type.Optional(Type.String()), arguments: Type.Optional(Type.String()) }),
  ),
});
export type ToolCallDelta = Static<typeof ToolCallDelta>;
