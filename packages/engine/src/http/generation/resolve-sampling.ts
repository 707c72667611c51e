import { randomInt } from 'node:crypto';
import { DEFAULT_COMPLETION_TOKENS, InferenceError } from '@sparkler/api';
import type { SamplingOptions } from '../../core/generation.ts';
import { refuseField } from '../check-body.ts';
import type { SharedBody } from '../request-schemas.ts';
import type { ServedModel } from '../served-model.ts';
import type { LogprobsPlan } from './generation-plan.ts';

/** Sampling options with the defaults filled in: the API's, and the model's own temperature. */
export function resolveSampling(body: SharedBody, model: ServedModel): SamplingOptions {
  const { vocabularySize } = model.tokenizer;
  return {
    temperature: body.temperature ?? model.defaultTemperature,
    topK: body.top_k ?? 0,
    topP: body.top_p ?? 1,
    minP: body.min_p ?? 0,
    typicalP: body.typical_p ?? 1,
    repetitionPenalty: resolveRepetitionPenalty(body),
    frequencyPenalty: body.frequency_penalty ?? 0,
    presencePenalty: body.presence_penalty ?? 0,
    mirostatTarget: resolveMirostatTarget(body),
    mirostatRate: body.mirostat_lr ?? 0.1,
    logitBias: resolveLogitBias(body, vocabularySize),
    seed: resolveSeed(body.seed),
  };
}

function resolveRepetitionPenalty(body: SharedBody): number {
  const penalty = body.repetition_penalty ?? 1;
  // Logits are divided by it.
  if (penalty === 0)
    throw refuseField('repetition_penalty', 'repetition_penalty must be above 0; 1 turns it off');
  return penalty;
}

/** The API's target is a perplexity; the core's is its logarithm, the surprise of a token in bits. */
function resolveMirostatTarget(body: SharedBody): number | null {
  const perplexity = body.mirostat_target ?? null;
  if (perplexity === null) {
    if (typeof body.mirostat_lr === 'number') {
      throw refuseField('mirostat_lr', 'mirostat_lr needs mirostat_target, which turns Mirostat on');
    }
    return null;
  }
  if (perplexity < 1) {
    throw refuseField(
      'mirostat_target',
      'mirostat_target is a perplexity, which is never below 1; leave it out to turn Mirostat off',
    );
  }
  return Math.log2(perplexity);
}

function resolveLogitBias(body: SharedBody, vocabularySize: number): ReadonlyMap<number, number> {
  const bias = new Map<number, number>();
  for (const [key, value] of Object.entries(body.logit_bias ?? {})) {
    const token = Number(key);
    if (token >= vocabularySize) {
      throw refuseField(
        `logit_bias.${key}`,
        `logit_bias names token ${key}; this model has tokens 0 to ${vocabularySize - 1}`,
      );
    }
    bias.set(token, value);
  }
  return bias;
}

/** The sampler's seed has 32 bits. */
function resolveSeed(seed: number | null | undefined): number {
  return seed === null || seed === undefined ? randomInt(2 ** 32) : Number(BigInt.asUintN(32, BigInt(seed)));
}

/** Stop strings as a list. */
export function resolveStops(stop: SharedBody['stop']): string[] {
  if (stop === null || stop === undefined) return [];
  const stops = typeof stop === 'string' ? [stop] : stop;
  if (stops.every((each) => each.isWellFormed())) return stops;
  throw refuseField(
    'stop',
    'stop holds half of a character (a lone surrogate), which no text holds; send all of it',
  );
}

/** What `logprobs` and `top_logprobs` ask for together; both forms of `logprobs` are in use. */
export function resolveLogprobs(body: SharedBody): LogprobsPlan | null {
  const logprobs = body.logprobs ?? false;
  const top = body.top_logprobs ?? null;
  if (logprobs === false) {
    if (top !== null && top > 0) throw refuseField('top_logprobs', 'top_logprobs needs logprobs: true');
    return null;
  }
  if (logprobs === true) return { shape: 'tokens', alternatives: top ?? 0 };
  return { shape: 'arrays', alternatives: Math.max(logprobs, top ?? 0) };
}

/** `max_tokens` as sent (null: not sent), under either of its names. */
export function readMaxTokens(body: SharedBody): number | null {
  const old = body.max_tokens ?? null;
  const current = body.max_completion_tokens ?? null;
  if (old !== null && current !== null) {
    throw refuseField(
      'max_completion_tokens',
      'send max_tokens or max_completion_tokens, not both: they are two names of one limit',
    );
  }
  return old ?? current;
}

/**
 * Refuses a prompt that no tokenizing could make fit, before it is tokenized: that holds up everybody else,
 * by a second for every five megabytes.
 */
export function refuseEndlessPrompt(text: string, model: ServedModel, promptField: string): void {
  const least = Math.ceil(Buffer.byteLength(text) / model.tokenBytesMax);
  if (least > model.contextTokens)
    throw describeLongPrompt(`at least ${least}`, model.contextTokens, promptField);
}

function describeLongPrompt(tokens: string, contextTokens: number, promptField: string): InferenceError {
  return new InferenceError(
    400,
    `the prompt has ${tokens} tokens and this model's context holds ${contextTokens}; shorten the prompt`,
    { code: 'CONTEXT_LENGTH_EXCEEDED', param: promptField },
  );
}

/**
 * Tokens one choice may have: what was asked for, lowered to what the context leaves (or refused, if the
 * request says so).
 * @param contextTokens longest sequence this engine can hold.
 */
export function resolveMaxTokens(
  body: SharedBody,
  promptTokens: number,
  contextTokens: number,
  promptField: string,
): number {
  const asked = readMaxTokens(body);
  const room = contextTokens - promptTokens;
  if (room < 0 || (room === 0 && asked !== 0)) {
    throw describeLongPrompt(String(promptTokens), contextTokens, promptField);
  }
  if (asked !== null && asked > room && body.context_length_exceeded_behavior === 'error') {
    throw new InferenceError(
      400,
      `the prompt has ${promptTokens} tokens and max_tokens is ${asked}, more than the context of ${contextTokens} ` +
        'holds; lower max_tokens or shorten the prompt',
      { code: 'CONTEXT_LENGTH_EXCEEDED', param: 'max_tokens' },
    );
  }
  return Math.min(asked ?? DEFAULT_COMPLETION_TOKENS, room);
}
