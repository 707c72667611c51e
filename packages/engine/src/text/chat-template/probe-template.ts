import type { JinjaTemplate } from './jinja-template.ts';
import { ChatTemplateError } from './template-error.ts';
import type { TemplateInput, TemplateMessage, TemplateTool } from './template-message.ts';

/** What a template can express, found by rendering small conversations and looking for what was put in. */
export interface TemplateAbilities {
  readonly systemRole: boolean;
  readonly tools: boolean;
  /** How calls of earlier turns have to be passed; null: the template leaves them out. */
  readonly toolCalls: 'object' | 'text' | null;
  readonly toolResults: boolean;
  readonly reasoning: boolean;
  /** The template takes tools for granted: without any it has to be given an empty list. */
  readonly needsToolsList: boolean;
  /** Every parameter of a tool needs a description, if only an empty one. */
  readonly needsDescriptions: boolean;
  /** Why it cannot even render one question; null if it can. */
  readonly problem: string | null;
}

// Words no template contains.
const systemNeedle = 'zq-system-needle';
const toolNeedle = 'zq_tool_needle';
const keyNeedle = 'zq_key_needle';
const valueNeedle = 'zq_value_needle';
const resultNeedle = 'zq-result-needle';
const reasoningNeedle = 'zq-reasoning-needle';

const question: TemplateMessage = { role: 'user', content: 'question' };
const answer: TemplateMessage = { role: 'assistant', content: 'answer' };

/** Renders about eight small prompts; once per model. */
export function probeTemplate(template: JinjaTemplate): TemplateAbilities {
  const bare = complaint(template, { messages: [question] });
  const needsToolsList = bare !== null && complaint(template, { messages: [question], tools: [] }) === null;
  const tools = needsToolsList ? [] : null;
  const showsTool = (tool: TemplateTool) =>
    shows(template, toolNeedle, { messages: [question], tools: [tool] });
  const needsDescriptions = !showsTool(probeTool) && showsTool(describeParameters(probeTool));
  const toolCalls = probeToolCalls(template);
  const calling = callTurn(toolCalls ?? 'object');
  const speaksTools = needsDescriptions || showsTool(probeTool);
  const showsResults = shows(template, resultNeedle, {
    messages: [question, calling, { role: 'tool', content: resultNeedle, tool_call_id: 'call00001' }],
    tools: [probeTool],
  });
  return {
    systemRole: shows(template, systemNeedle, {
      messages: [{ role: 'system', content: systemNeedle }, question],
      tools,
    }),
    tools: speaksTools,
    toolCalls,
    // A template that prints any role prints this one too, without knowing what a tool is.
    toolResults: showsResults && (speaksTools || toolCalls !== null),
    reasoning: shows(template, reasoningNeedle, {
      messages: [question, { ...answer, reasoning_content: reasoningNeedle }],
      tools,
      addGenerationPrompt: false,
    }),
    needsToolsList,
    needsDescriptions,
    problem: needsToolsList ? null : bare,
  };
}

/** JSON text passed through untouched is preferred: it keeps what the model wrote, to the byte. */
function probeToolCalls(template: JinjaTemplate): 'object' | 'text' | null {
  const renderCall = (form: 'object' | 'text') => {
    const messages = [question, callTurn(form), { role: 'tool', content: 'x', tool_call_id: 'call00001' }];
    return render(template, { messages, tools: [probeTool] }) ?? '';
  };
  // Text sent through `tojson` comes out with its quotes escaped.
  if (renderCall('text').includes(callArguments)) return 'text';
  const rendered = renderCall('object');
  return rendered.includes(keyNeedle) && rendered.includes(valueNeedle) ? 'object' : null;
}

const callArguments = JSON.stringify({ [keyNeedle]: valueNeedle });

function callTurn(form: 'object' | 'text'): TemplateMessage {
  const call = {
    name: toolNeedle,
    arguments: form === 'text' ? callArguments : { [keyNeedle]: valueNeedle },
  };
  return {
    role: 'assistant',
    content: '',
    tool_calls: [{ id: 'call00001', type: 'function', function: call }],
  };
}

const probeTool: TemplateTool = {
  type: 'function',
  function: {
    name: toolNeedle,
    description: 'description',
    parameters: { type: 'object', properties: { count: { type: 'integer' } }, required: [] },
  },
};

/** The same tool with an empty description where a parameter has none. */
export function describeParameters(tool: TemplateTool): TemplateTool {
  const { parameters } = tool.function;
  const properties = Object.entries(parameters.properties ?? {}).map(([name, schema]) => [
    name,
    typeof schema === 'object' && schema !== null ? { description: '', ...schema } : schema,
  ]);
  const described = { ...parameters, properties: Object.fromEntries(properties) };
  return { ...tool, function: { ...tool.function, parameters: described } };
}

function shows(template: JinjaTemplate, needle: string, input: Partial<TemplateInput>): boolean {
  return render(template, input)?.includes(needle) ?? false;
}

/** Null when the template refuses, which is an answer too. */
function render(template: JinjaTemplate, input: Partial<TemplateInput>): string | null {
  try {
    return renderProbe(template, input);
  } catch (error) {
    if (error instanceof ChatTemplateError) return null;
    throw error;
  }
}

function complaint(template: JinjaTemplate, input: Partial<TemplateInput>): string | null {
  try {
    renderProbe(template, input);
    return null;
  } catch (error) {
    if (error instanceof ChatTemplateError) return error.message;
    throw error;
  }
}

function renderProbe(template: JinjaTemplate, input: Partial<TemplateInput>): string {
  return template.render({
    messages: [question],
    tools: null,
    documents: null,
    addGenerationPrompt: true,
    variables: {},
    ...input,
  });
}
