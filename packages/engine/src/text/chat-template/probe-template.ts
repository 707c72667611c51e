import type { JinjaTemplate } from './jinja-template.ts';
import { ChatTemplateError } from './template-error.ts';
import type { TemplateInput, TemplateMessage } from './template-message.ts';

/** What a template can express, found by rendering small conversations and looking for what was put in. */
export interface TemplateAbilities {
  readonly systemRole: boolean;
  readonly tools: boolean;
  /** How calls of earlier turns have to be passed; null: the template leaves them out. */
  readonly toolCalls: 'object' | 'text' | null;
  readonly toolResults: boolean;
  readonly reasoning: boolean;
}

// Words no template contains.
const systemNeedle = 'zq-system-needle';
const toolNeedle = 'zq_tool_needle';
const argumentNeedle = 'zq_argument_needle';
const resultNeedle = 'zq-result-needle';
const reasoningNeedle = 'zq-reasoning-needle';

const question: TemplateMessage = { role: 'user', content: 'question' };
const answer: TemplateMessage = { role: 'assistant', content: 'answer' };

/** Renders about six small prompts; once per model. */
export function probeTemplate(template: JinjaTemplate): TemplateAbilities {
  const toolCalls = probeToolCalls(template);
  const calling = callTurn(toolCalls === 'text' ? 'text' : 'object');
  return {
    systemRole: shows(template, systemNeedle, {
      messages: [{ role: 'system', content: systemNeedle }, question],
    }),
    tools: shows(template, toolNeedle, { messages: [question], tools: [probeTool] }),
    toolCalls,
    toolResults: shows(template, resultNeedle, {
      messages: [question, calling, { role: 'tool', content: resultNeedle, tool_call_id: 'call00001' }],
      tools: [probeTool],
    }),
    reasoning: shows(template, reasoningNeedle, {
      messages: [question, { ...answer, reasoning_content: reasoningNeedle }],
      addGenerationPrompt: false,
    }),
  };
}

/** JSON text passed through untouched is preferred: it keeps what the model wrote, to the byte. */
function probeToolCalls(template: JinjaTemplate): 'object' | 'text' | null {
  for (const form of ['text', 'object'] as const) {
    const messages = [question, callTurn(form), { role: 'tool', content: 'x', tool_call_id: 'call00001' }];
    const rendered = render(template, { messages, tools: [probeTool] });
    // Quotes must be bare: text sent through `tojson` comes out escaped, an object printed as is without them.
    if (rendered !== null && /[^\\]"zq_argument_needle[^\\]?": ?/.test(rendered)) return form;
  }
  return null;
}

function callTurn(form: 'object' | 'text'): TemplateMessage {
  const values = { [argumentNeedle]: 1 };
  const call = { name: toolNeedle, arguments: form === 'text' ? JSON.stringify(values) : values };
  return {
    role: 'assistant',
    content: '',
    tool_calls: [{ id: 'call00001', type: 'function', function: call }],
  };
}

const probeTool = {
  type: 'function',
  function: {
    name: toolNeedle,
    description: 'description',
    parameters: { type: 'object', properties: { [argumentNeedle]: { type: 'integer' } }, required: [] },
  },
} as const;

function shows(template: JinjaTemplate, needle: string, input: Partial<TemplateInput>): boolean {
  return render(template, input)?.includes(needle) ?? false;
}

/** Null when the template refuses, which is an answer too. */
function render(template: JinjaTemplate, input: Partial<TemplateInput>): string | null {
  try {
    return template.render({
      messages: [question],
      tools: null,
      documents: null,
      addGenerationPrompt: true,
      variables: {},
      ...input,
    });
  } catch (error) {
    if (error instanceof ChatTemplateError) return null;
    throw error;
  }
}
