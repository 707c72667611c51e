import { type ChatMessage, InferenceError, type Tool } from '@sparkler/api';
import { type RenderedChat, renderChat } from '../../text/chat-template/render-chat.ts';
import { encodeGuarded } from '../../text/control-tokens.ts';
import { type OutputParser, plainParser } from '../../text/output-piece.ts';
import { ReasoningParser } from '../../text/reasoning-parser.ts';
import { refuseField } from '../check-body.ts';
import type { ChatBody } from '../request-schemas.ts';
import type { ServedModel } from '../served-model.ts';
import { type AnswerFormat, compileAnswerFormat } from './answer-format.ts';
import { type CallRules, createConstraints } from './answer-stages.ts';
import { compileCallGrammars } from './call-grammars.ts';
import { fitConversation } from './fit-conversation.ts';
import type { GenerationPlan } from './generation-plan.ts';
import { addBos, planEcho } from './plan-completion.ts';
import type { PlanContext } from './plan-context.ts';
import { addSystemMessage, resolveConversation } from './resolve-conversation.ts';
import { resolveReasoning, resolveReasoningBudget } from './resolve-reasoning.ts';
import {
  createEngineId,
  planAnswer,
  resolveRequestBase,
  resolveTextStops,
  watchStops,
} from './resolve-request.ts';
import { refuseEndlessPrompt, resolveLogprobs, resolveMaxTokens } from './resolve-sampling.ts';
import { resolveTools, type ToolsPlan } from './resolve-tools.ts';
import { acceptRefusal, refuseTemplateErrors } from './template-refusal.ts';

/** Decides everything about one chat request. Throws InferenceError. */
export function planChat(body: ChatBody, context: PlanContext): GenerationPlan {
  const model = resolveConversation(body, context.model);
  const tools = resolveTools(body);
  const format = compileAnswerFormat(body.response_format, context.compileGrammar);
  const begun = performance.now();
  const { rendered, tokens, addedTokens } = encodeChat(body, tools.shown, model);
  const tokenizeMs = performance.now() - begun;
  const maxTokens = resolveMaxTokens(body, tokens.length, model.contextTokens, 'messages');
  const logprobs = resolveLogprobs(body);
  const echoes = body.echo === true || typeof body.echo_last === 'number';
  const base = resolveRequestBase({
    body,
    model,
    headers: context.headers,
    adapter: context.adapter,
    logprobs,
    echoes,
  });
  const stops = resolveTextStops(body);
  const markers = findMarkers(model, tools);
  const separate = body.sparkler?.reasoning_format === 'separate';
  const opened = rendered.openedReasoning !== '';
  const calls = planCalls(tools, format, model, context);
  const constraints = createConstraints({
    chat: model.chat,
    tokenizer: model.tokenizer,
    format,
    calls,
    reasoningBudget: resolveReasoningBudget(resolveReasoning(body), maxTokens),
    openedReasoning: opened,
  });
  return {
    ...planAnswer(body, context.requestId, 'chatcmpl'),
    choicesPerPrompt: base.choices,
    prompts: [
      {
        request: {
          ...base,
          id: createEngineId(context.requestId),
          promptTokens: tokens,
          maxTokens,
          constraint: constraints?.create ?? null,
          onToken: watchStops(stops.stops, base.choices, model.tokenizer, markers),
        },
        fault: () => constraints?.fault() ?? null,
        fragments: () => rendered.fragments(),
        echoed: planEcho(body, tokens.length, addedTokens),
      },
    ],
    text: {
      ...stops,
      markers,
      createParser: () => createChatParser(model, tools, separate, opened),
      // The answer shows its reasoning between two tags, though the prompt already wrote the first.
      lead: separate ? '' : rendered.openedReasoning,
    },
    logprobs,
    grammarText: format?.text ?? null,
    unenforced: [...(format?.unenforced ?? []), ...(calls?.grammars.unenforced ?? [])],
    tokenizeMs,
  };
}

/** Grammars of the calls the answer may (or has to) hold. */
function planCalls(
  tools: ToolsPlan,
  format: AnswerFormat | null,
  model: ServedModel,
  context: PlanContext,
): CallRules | null {
  const { forced, parallel } = tools;
  if (tools.shown === null || tools.parsed === null) return null;
  const { family } = model.chat;
  if (format !== null && (forced !== null || family.callSyntax.before === '')) {
    const why =
      forced === null
        ? `calls of this model (${family.id}) are JSON themselves`
        : 'tool_choice asks for a call';
    throw refuseField(
      'response_format',
      `response_format and tools can't both be followed: ${why}; leave one out`,
    );
  }
  const wanted = forced?.name ?? null;
  const usable = wanted === null ? tools.shown : tools.shown.filter((tool) => tool.function.name === wanted);
  const grammars = compileCallGrammars(
    usable,
    { syntax: family.callSyntax, parallel },
    context.compileGrammar,
  );
  return { grammars, forced: forced !== null, parallel };
}

function createChatParser(
  model: ServedModel,
  tools: ToolsPlan,
  separate: boolean,
  opened: boolean,
): OutputParser {
  const { chat } = model;
  const inner = tools.parsed === null ? plainParser : chat.family.createParser(tools.parsed);
  return new ReasoningParser({ tags: chat.reasoningTags, opened, separate, inner });
}

/**
 * Control tokens that carry meaning for a parser: those of tool calls, and reasoning tags that are control
 * tokens.
 */
function findMarkers(model: ServedModel, tools: ToolsPlan): ReadonlySet<number> {
  const { chat, controls } = model;
  const texts = [chat.reasoningTags.open, chat.reasoningTags.close];
  if (tools.parsed !== null) texts.push(...chat.family.markers);
  const ids = texts.map((text) => controls.idByText.get(text)).filter((token) => token !== undefined);
  return new Set(ids);
}

interface EncodedChat {
  readonly rendered: RenderedChat;
  readonly tokens: readonly number[];
  readonly addedTokens: number;
}

/** Renders and tokenizes, without the oldest messages where `prompt_truncate_len` leaves no room for them. */
function encodeChat(body: ChatBody, tools: readonly Tool[] | null, model: ServedModel): EncodedChat {
  const limit = body.prompt_truncate_len ?? null;
  const messages = addSystemMessage(body);
  if (limit === null) return encodeMessages(messages, body, tools, model);
  let shortest: EncodedChat | null = null;
  const fitting = fitConversation(messages, limit, (shown) => {
    const encoded = acceptRefusal(() => encodeMessages(shown, body, tools, model));
    const isShorter = encoded !== null && encoded.tokens.length < (shortest?.tokens.length ?? Infinity);
    if (isShorter) shortest = encoded;
    return encoded;
  });
  if (fitting !== null) return fitting;
  // Refused in every form: the template says what it wants of the conversation as it was sent.
  const least: EncodedChat = shortest ?? encodeMessages(messages, body, tools, model);
  throw new InferenceError(
    400,
    `the shortest form of the conversation has ${least.tokens.length} tokens, more than the ${limit} of ` +
      'prompt_truncate_len; shorten the last message or raise the limit',
    { code: 'CONTEXT_LENGTH_EXCEEDED', param: 'prompt_truncate_len' },
  );
}

function encodeMessages(
  messages: readonly ChatMessage[],
  body: ChatBody,
  tools: readonly Tool[] | null,
  model: ServedModel,
): EncodedChat {
  const rendered = renderOrRefuse(messages, body, tools, model);
  refuseEndlessPrompt(rendered.text, model, 'messages');
  const written = encodeGuarded(rendered.text, rendered.guard, model.tokenizer, model.controls);
  const tokens = addBos(written, model);
  return { rendered, tokens, addedTokens: tokens.length - written.length };
}

function renderOrRefuse(
  messages: readonly ChatMessage[],
  body: ChatBody,
  tools: readonly Tool[] | null,
  model: ServedModel,
): RenderedChat {
  const { enabled, effort } = resolveReasoning(body);
  const variables = {
    ...(enabled === null ? {} : { enable_thinking: enabled }),
    ...(effort === null ? {} : { reasoning_effort: effort }),
    ...body.sparkler?.template_variables,
  };
  const input = {
    messages,
    tools,
    documents: body.sparkler?.documents ?? null,
    variables,
    reasoningHistory: body.reasoning_history ?? null,
    guarded: body.safe_tokenization ?? true,
  };
  return refuseTemplateErrors(() => renderChat(input, model.chat, model.controls));
}
