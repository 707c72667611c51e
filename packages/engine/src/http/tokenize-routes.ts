import { ChatMessage, compileChecker, Tool } from '@sparkler/api';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { renderChat } from '../text/chat-template/render-chat.ts';
import { encodeGuarded } from '../text/control-tokens.ts';
import { decodeTokens } from '../text/token-text.ts';
import { checkBody, refuseField } from './check-body.ts';
import { addBos } from './generation/plan-completion.ts';
import { checkTokens } from './generation/resolve-request.ts';
import { refuseTemplateErrors } from './generation/template-refusal.ts';
import type { HttpContext } from './http-context.ts';

const tokenizeBody = Type.Object(
  {
    model: Type.Optional(Type.String()),
    text: Type.Optional(Type.String()),
    messages: Type.Optional(Type.Array(ChatMessage, { minItems: 1 })),
    tools: Type.Optional(Type.Array(Tool)),
    /** Put BOS (and what else the model wants) around the text. Default true, as prompts get it. */
    add_special: Type.Optional(Type.Boolean()),
    /** Read special tokens written in the text as such. Default true, as /completions does. */
    parse_special: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false, title: 'TokenizeRequest' },
);
const detokenizeBody = Type.Object(
  {
    model: Type.Optional(Type.String()),
    tokens: Type.Array(Type.Integer({ minimum: 0 })),
    /** Write special tokens out. Default true. */
    special: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false, title: 'DetokenizeRequest' },
);

const tokenizeChecker = compileChecker(tokenizeBody);
const detokenizeChecker = compileChecker(detokenizeBody);

/** POST /v1/tokenize (of a text, or of a conversation as the model would see it) and POST /v1/detokenize. */
export function addTokenizeRoutes(server: FastifyInstance, context: HttpContext): void {
  const { model } = context;
  server.post('/v1/tokenize', async (request) => {
    const body = checkBody(tokenizeChecker, request.body);
    if ((body.text === undefined) === (body.messages === undefined)) {
      throw refuseField('text', 'send text or messages, one of the two');
    }
    if (body.messages !== undefined) {
      for (const field of ['add_special', 'parse_special'] as const) {
        if (body[field] !== undefined)
          throw refuseField(field, `${field} is for text; messages go through the chat template`);
      }
      const { messages, tools = null } = body;
      const rendered = refuseTemplateErrors(() =>
        renderChat(
          { messages, tools, documents: null, variables: {}, reasoningHistory: null, guarded: true },
          model.chat,
          model.controls,
        ),
      );
      const written = encodeGuarded(rendered.text, rendered.guard, model.tokenizer, model.controls);
      const tokens = addBos(written, model);
      return { tokens, count: tokens.length, prompt: rendered.guard.reveal(rendered.text) };
    }
    if (body.tools !== undefined) throw refuseField('tools', 'tools need messages');
    const tokens = model.tokenizer.encode(body.text!, {
      addSpecial: body.add_special ?? true,
      parseSpecial: body.parse_special ?? true,
    });
    return { tokens, count: tokens.length };
  });

  server.post('/v1/detokenize', async (request) => {
    const { tokens, special = true } = checkBody(detokenizeChecker, request.body);
    checkTokens(tokens, model.tokenizer, 'tokens');
    return { text: decodeTokens(model.tokenizer, tokens, special) };
  });
}
