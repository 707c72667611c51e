import { InferenceError } from '@sparkler/api';
import { plainParser } from '../../text/output-piece.ts';
import { decodeRaw } from '../../text/token-text.ts';
import { refuseField } from '../check-body.ts';
import { createPauses } from '../pauses.ts';
import type { CompletionBody } from '../request-schemas.ts';
import type { ServedModel } from '../served-model.ts';
import { compileAnswerFormat } from './answer-format.ts';
import { createConstraints } from './answer-stages.ts';
import type { EchoPlan, GenerationPlan, PromptPlan } from './generation-plan.ts';
import type { PlanContext } from './plan-context.ts';
import { resolveReasoning, resolveReasoningBudget } from './resolve-reasoning.ts';
import {
  checkTokens,
  createEngineId,
  planAnswer,
  resolveRequestBase,
  resolveTextStops,
  watchStops,
} from './resolve-request.ts';
import { refuseEndlessPrompt, resolveLogprobs, resolveMaxTokens } from './resolve-sampling.ts';

interface CompletionPrompt {
  readonly tokens: readonly number[];
  /** Tokens in front that the caller did not write. */
  readonly addedTokens: number;
}

/** Decides everything about one completion request. Throws InferenceError. */
export async function planCompletion(body: CompletionBody, context: PlanContext): Promise<GenerationPlan> {
  const { model } = context;
  if (body.images && body.images.length > 0)
    throw refuseField('images', 'this engine reads text only; leave images out');
  if (body.reasoning_history) {
    throw refuseField('reasoning_history', 'reasoning_history is about messages; this endpoint has a prompt');
  }
  const begun = performance.now();
  const prompts = await readPrompts(body.prompt, model);
  const tokenizeMs = performance.now() - begun;
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
  const markers = new Set<number>();
  const format = compileAnswerFormat(body.response_format, context.compileGrammar);
  const reasoning = resolveReasoning(body);
  return {
    ...planAnswer(body, context.requestId, 'cmpl'),
    choicesPerPrompt: base.choices,
    prompts: prompts.map((prompt): PromptPlan => {
      const maxTokens = resolveMaxTokens(body, prompt.tokens.length, model.contextTokens, 'prompt');
      const constraints = createConstraints({
        chat: model.chat,
        tokenizer: model.tokenizer,
        format,
        calls: null,
        reasoningBudget: resolveReasoningBudget(reasoning, maxTokens),
        openedReasoning: endsInReasoning(prompt.tokens, model),
      });
      return {
        request: {
          ...base,
          id: createEngineId(context.requestId),
          promptTokens: prompt.tokens,
          maxTokens,
          constraint: constraints?.create ?? null,
          onToken: watchStops(stops.stops, base.choices, model.tokenizer, markers),
        },
        fault: () => constraints?.fault() ?? null,
        fragments: () => [decodeRaw(model.tokenizer, prompt.tokens)],
        echoed: planEcho(body, prompt.tokens.length, prompt.addedTokens),
      };
    }),
    text: { ...stops, markers, createParser: () => plainParser, lead: '' },
    logprobs,
    grammarText: format?.text ?? null,
    unenforced: format?.unenforced ?? [],
    tokenizeMs,
  };
}

/** The part of the prompt that comes back: all of it, or the last tokens. */
export function planEcho(
  body: { readonly echo?: boolean | null; readonly echo_last?: number | null },
  promptTokens: number,
  addedTokens: number,
): EchoPlan | null {
  const last = body.echo_last ?? null;
  if (last !== null) return { from: Math.max(0, promptTokens - last), hiddenTokens: addedTokens };
  return body.echo === true ? { from: 0, hiddenTokens: addedTokens } : null;
}

/** A prompt is text or token ids, alone or in a list. */
async function readPrompts(
  prompt: CompletionBody['prompt'],
  model: ServedModel,
): Promise<CompletionPrompt[]> {
  if (typeof prompt === 'string') return [encodePrompt(prompt, model, 'prompt')];
  if (isTokens(prompt)) return [usePromptTokens(prompt, model, 'prompt')];
  const pause = createPauses();
  const prompts: CompletionPrompt[] = [];
  for (const [index, item] of prompt.entries()) {
    await pause();
    const field = `prompt[${index}]`;
    prompts.push(
      typeof item === 'string'
        ? encodePrompt(item, model, field)
        : usePromptTokens(item as number[], model, field),
    );
  }
  return prompts;
}

function isTokens(prompt: string[] | number[] | number[][]): prompt is number[] {
  return typeof prompt[0] === 'number';
}

/** Special tokens written in the text count: this endpoint is for prompts that are built by hand. */
function encodePrompt(text: string, model: ServedModel, field: string): CompletionPrompt {
  refuseEndlessPrompt(text, model, field);
  const tokens = model.tokenizer.encode(text, { addSpecial: false, parseSpecial: true });
  const complete = addBos(tokens, model);
  if (complete.length === 0) {
    throw new InferenceError(
      400,
      `${field} is empty and this model begins with no token of its own; write some text`,
      {
        param: field,
      },
    );
  }
  return { tokens: complete, addedTokens: complete.length - tokens.length };
}

function usePromptTokens(tokens: readonly number[], model: ServedModel, field: string): CompletionPrompt {
  checkTokens(tokens, model.tokenizer, field);
  return { tokens, addedTokens: 0 };
}

/** BOS in front, where the model wants one, but never twice. */
export function addBos(tokens: readonly number[], model: ServedModel): readonly number[] {
  const { bosToken, addsBos } = model.tokenizer;
  return addsBos && bosToken !== null && tokens[0] !== bosToken ? [bosToken, ...tokens] : tokens;
}

/** Whether the prompt was cut inside an opened reasoning tag. The last few tokens are enough to tell. */
function endsInReasoning(tokens: readonly number[], model: ServedModel): boolean {
  return decodeRaw(model.tokenizer, tokens.slice(-16)).trimEnd().endsWith(model.chat.reasoningTags.open);
}
