import type { ChatMessage, Tool } from '@sparkler/api';
import { type ControlTokens, createTextGuard, openGuard, type TextGuard } from '../control-tokens.ts';
import type { ChatFormat } from './chat-format.ts';
import { fillGaps } from './fill-gaps.ts';
import { reservedVariables } from './jinja-template.ts';
import { prepareMessages, protectValues, type ReasoningHistory } from './prepare-messages.ts';
import { describeParameters } from './probe-template.ts';
import { ChatTemplateError } from './template-error.ts';
import type { TemplateMessage, TemplateTool } from './template-message.ts';

export interface ChatInput {
  readonly messages: readonly ChatMessage[];
  readonly tools: readonly Tool[] | null;
  readonly documents: readonly Record<string, unknown>[] | null;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly reasoningHistory: ReasoningHistory | null;
  /** Whether control tokens that the caller wrote stay plain text. */
  readonly guarded: boolean;
}

export interface RenderedChat {
  /** The prompt with the guard's marks in it; `encodeGuarded` reads it. */
  readonly text: string;
  readonly guard: TextGuard;
  /** The reasoning tag that the prompt ends inside of, with the blanks behind it; empty if it does not. */
  readonly openedReasoning: string;
  /** Pieces of the prompt, one a message where the template allows to tell them apart. */
  fragments(): string[];
}

/** Renders a conversation. Throws ChatTemplateError for conversations that the template refuses. */
export function renderChat(input: ChatInput, format: ChatFormat, controls: ControlTokens): RenderedChat {
  const { messages, tools, documents } = input;
  const guard = input.guarded
    ? createTextGuard(controls, JSON.stringify([messages, tools, documents, input.variables]))
    : openGuard;
  const prepared = prepareMessages(messages, {
    guard,
    abilities: format.abilities,
    reasoningHistory: input.reasoningHistory,
    formCallId: (id) => format.family.formCallId(id),
  });
  const templateTools = tools === null ? null : tools.map((tool) => prepareTool(tool, guard, format));
  const last = prepared.at(-1);
  const prefill = last?.role === 'assistant' && last.tool_calls === undefined ? last : null;
  const turns = fillGaps(
    prefill === null ? prepared : prepared.slice(0, -1),
    templateTools,
    format.abilities,
    format.family,
  );
  const noTools = format.abilities.needsToolsList ? [] : null;
  const render = (shown: readonly TemplateMessage[], addGenerationPrompt: boolean): string =>
    format.template.render({
      messages: shown,
      tools: format.abilities.tools && templateTools !== null ? templateTools : noTools,
      documents: documents === null ? null : (protectValues(documents, guard) as Record<string, unknown>[]),
      addGenerationPrompt,
      variables: checkVariables(input.variables),
    });
  const prompt = render(turns, true);
  const text = prefill === null ? prompt : continueAnswer(prompt, prefill, format);
  return {
    text,
    guard,
    openedReasoning: findOpenedReasoning(text, format),
    fragments: () => cutFragments(text, turns, render).map((part) => guard.reveal(part)),
  };
}

function prepareTool(tool: Tool, guard: TextGuard, format: ChatFormat): TemplateTool {
  const { name, description, parameters } = tool.function;
  const prepared = protectValues(
    {
      type: 'function',
      function: {
        name,
        description: description ?? '',
        parameters: parameters ?? { type: 'object', properties: {} },
      },
    },
    guard,
  ) as TemplateTool;
  return format.abilities.needsDescriptions ? describeParameters(prepared) : prepared;
}

function checkVariables(variables: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  for (const name of Object.keys(variables)) {
    if (reservedVariables.has(name)) {
      throw new ChatTemplateError(
        `sparkler.template_variables may not set '${name}', which the engine sets itself`,
      );
    }
  }
  return variables;
}

/**
 * A conversation that ends with the assistant asks for the rest of that answer. Templates would close it, so
 * it is written behind the prompt for a new answer instead. If that prompt opens the reasoning and the answer
 * does not begin with reasoning, the opening is taken back: the caller has begun the answer itself.
 */
function continueAnswer(prompt: string, prefill: TemplateMessage, format: ChatFormat): string {
  const opened = findOpenedReasoning(prompt, format);
  const { open, close } = format.reasoningTags;
  const reasoning = prefill.reasoning_content;
  const content =
    reasoning === undefined || reasoning === ''
      ? prefill.content
      : `${open}\n${reasoning}\n${close}\n\n${prefill.content}`;
  if (opened === '') return prompt + content;
  return prompt.slice(0, prompt.length - opened.length) + content;
}

/** `<think>` and the blanks behind it, when nothing else follows. */
function findOpenedReasoning(text: string, format: ChatFormat): string {
  const { open } = format.reasoningTags;
  return text.trimEnd().endsWith(open) ? text.slice(text.trimEnd().length - open.length) : '';
}

/** Renderings to cut one prompt: each holds up everybody else for as long as the whole conversation does. */
const CUTS_MAX = 64;

/**
 * Cuts the prompt where the rendering of its first messages ends, of a long conversation several at a time. A
 * template that looks ahead renders them differently; there the pieces stay together.
 */
function cutFragments(
  text: string,
  turns: readonly TemplateMessage[],
  render: (shown: readonly TemplateMessage[], addGenerationPrompt: boolean) => string,
): string[] {
  const cuts = [0];
  const step = Math.max(1, Math.ceil(turns.length / CUTS_MAX));
  for (let count = step; count <= turns.length; count += step) {
    const head = renderOrNull(() => render(turns.slice(0, count), false));
    if (head !== null && head.length > cuts.at(-1)! && text.startsWith(head)) cuts.push(head.length);
  }
  const pieces = cuts.map((cut, place) => text.slice(cut, cuts[place + 1]));
  return pieces.filter((piece) => piece !== '');
}

function renderOrNull(render: () => string): string | null {
  try {
    return render();
  } catch (error) {
    if (error instanceof ChatTemplateError) return null;
    throw error;
  }
}
