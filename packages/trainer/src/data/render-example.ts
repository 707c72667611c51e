import { Template } from '@huggingface/jinja';
import { type ChatExample, type ChatMessage, ExampleError } from './chat-example.ts';

/** Text of a conversation and the parts of it that the model is to learn. Offsets are UTF-16 indices. */
export interface RenderedExample {
  readonly text: string;
  readonly spans: readonly { readonly start: number; readonly end: number }[];
}

export type Renderer = (messages: readonly ChatMessage[], options: RenderOptions) => string;

interface RenderOptions {
  readonly tools: readonly unknown[] | null;
  readonly addGenerationPrompt: boolean;
}

/** Marks that cannot occur in text: private-use characters around a word. */
const spanStart = '\u{F0000}span\u{F0001}';
const spanEnd = '\u{F0000}/span\u{F0001}';

/** A template made ready: a renderer, and whether it marks what the assistant generates. */
export interface ChatTemplate {
  readonly render: Renderer;
  readonly hasGenerationMarks: boolean;
}

/**
 * Compiles a chat template. `{% generation %}` blocks, where the template has them, become marks in the
 * output. Throws an Error with the template's own problem.
 */
export function compileChatTemplate(source: string, specials: { bos: string; eos: string }): ChatTemplate {
  const hasGenerationMarks = /\{%-?\s*generation\s*-?%\}/.test(source);
  const marked = source
    .replace(/\{%-?\s*generation\s*-?%\}/g, `{{- "${spanStart}" -}}`)
    .replace(/\{%-?\s*endgeneration\s*-?%\}/g, `{{- "${spanEnd}" -}}`);
  const template = new Template(marked);
  const render: Renderer = (messages, { tools, addGenerationPrompt }) =>
    template.render({
      messages: messages.map(toTemplateMessage),
      tools,
      add_generation_prompt: addGenerationPrompt,
      bos_token: specials.bos,
      eos_token: specials.eos,
    });
  return { render, hasGenerationMarks };
}

function toTemplateMessage(message: ChatMessage): Record<string, unknown> {
  const { weight: _, ...rest } = message.source;
  return { ...rest, content: message.content };
}

/**
 * Renders one example into one text, or into one text a turn when the template changes earlier turns (some
 * strip old thinking), so that what is learned is always what the model would see. Throws ExampleError.
 */
export function renderExample(template: ChatTemplate, example: ChatExample): RenderedExample[] {
  try {
    return template.hasGenerationMarks
      ? [renderMarked(template, example)]
      : renderByPrefix(template, example);
  } catch (error) {
    if (error instanceof ExampleError) throw error;
    throw new ExampleError(example.line, `the chat template refuses it: ${(error as Error).message}`);
  }
}

/** The n-th marked block belongs to the n-th assistant turn. */
function renderMarked(template: ChatTemplate, example: ChatExample): RenderedExample {
  const { messages, tools, line } = example;
  const pieces = template.render(messages, { tools, addGenerationPrompt: false }).split(spanStart);
  const turns = messages.filter((message) => message.role === 'assistant');
  if (pieces.length - 1 !== turns.length) {
    throw new ExampleError(
      line,
      `the template marks ${pieces.length - 1} of ${turns.length} assistant turns`,
    );
  }
  let text = pieces[0] ?? '';
  const spans: { start: number; end: number }[] = [];
  pieces.slice(1).forEach((piece, index) => {
    const [inside = '', ...after] = piece.split(spanEnd);
    if ((turns[index]?.weight ?? 0) > 0) spans.push({ start: text.length, end: text.length + inside.length });
    text += inside + after.join('');
  });
  return { text, spans };
}

function renderByPrefix(template: ChatTemplate, example: ChatExample): RenderedExample[] {
  const { messages, tools, line } = example;
  const whole = template.render(messages, { tools, addGenerationPrompt: false });
  const turns: RenderedExample[] = [];
  for (const [index, message] of messages.entries()) {
    if (message.weight === 0) continue;
    const before = template.render(messages.slice(0, index), { tools, addGenerationPrompt: true });
    const upTo = template.render(messages.slice(0, index + 1), { tools, addGenerationPrompt: false });
    if (!upTo.startsWith(before)) {
      throw new ExampleError(
        line,
        `messages[${index}]: the template writes a finished turn otherwise than it asks for one, so the part to ` +
          'learn cannot be found; give a jinjaTemplate with {% generation %} marks',
      );
    }
    turns.push({ text: upTo, spans: [{ start: before.length, end: upTo.length }] });
  }
  if (!turns.every((turn) => whole.startsWith(turn.text))) return turns;
  return [{ text: whole, spans: turns.flatMap((turn) => turn.spans) }];
}
