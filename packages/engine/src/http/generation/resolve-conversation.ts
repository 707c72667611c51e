import { type ChatMessage, InferenceError } from '@sparkler/api';
import { type ChatFormat, openChatFormat } from '../../text/chat-template/chat-format.ts';
import type { JinjaTemplate } from '../../text/chat-template/jinja-template.ts';
import { ChatTemplateError } from '../../text/chat-template/template-error.ts';
import type { TemplateInput } from '../../text/chat-template/template-message.ts';
import { runBounded } from '../../text/run-bounded.ts';
import type { ChatBody } from '../request-schemas.ts';
import type { ServedModel } from '../served-model.ts';

/** Templates of addons that are kept compiled, for each model; the longest unused goes. */
const FORMATS_MAX = 128;
const formats = new WeakMap<ServedModel, Map<string, ChatFormat>>();

/**
 * The model as one request talks to it: with the chat template that its addon brought, else its own. Throws
 * InferenceError (412) for a template that does not compile.
 */
export function resolveConversation(body: ChatBody, model: ServedModel): ServedModel {
  const source = body.sparkler?.chat_template ?? null;
  if (source === null) return model;
  const known = formats.get(model) ?? new Map<string, ChatFormat>();
  formats.set(model, known);
  const chat = known.get(source) ?? openFormat(source, model);
  known.delete(source);
  known.set(source, chat);
  const [oldest] = known.keys();
  if (known.size > FORMATS_MAX && oldest !== undefined) known.delete(oldest);
  return { ...model, chat };
}

function openFormat(source: string, { tokenizer }: ServedModel): ChatFormat {
  try {
    const chat = runBounded(() => openChatFormat({ source, tokenizer, toolFormat: null }));
    const { template } = chat;
    return { ...chat, template: { ...template, render: (input) => renderBounded(template, input) } };
  } catch (error) {
    const message = `the chat template of the model (conversationConfig.template) does not work: ${(error as Error).message}`;
    throw new InferenceError(412, message, { param: 'model', cause: error });
  }
}

function renderBounded(template: JinjaTemplate, input: TemplateInput): string {
  try {
    return runBounded(() => template.render(input));
  } catch (error) {
    if (error instanceof ChatTemplateError) throw error;
    throw new ChatTemplateError(`the model's chat template takes too long: ${(error as Error).message}`);
  }
}

/** The messages, begun with the model's default system message when they bring none. */
export function addSystemMessage({ messages, sparkler }: ChatBody): readonly ChatMessage[] {
  const system = sparkler?.system ?? null;
  const has = messages.some(({ role }) => role === 'system' || role === 'developer');
  return system === null || has ? messages : [{ role: 'system', content: system }, ...messages];
}
