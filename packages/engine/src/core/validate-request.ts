import type { GenerationErrorCode, GenerationRequest, SamplingOptions } from './generation.ts';
import type { RunnerLimits } from './model-runner.ts';

export interface RequestProblem {
  readonly code: GenerationErrorCode;
  readonly message: string;
}

/** Tokens of prompt and output that one sequence can have at most. The last one sampled needs no cell. */
export function deriveWindowTokens(limits: RunnerLimits): number {
  return Math.min(limits.contextTokensMax, limits.cellsMax + 1);
}

/** What makes a request impossible whatever the load; null if nothing does. */
export function findRequestProblem(request: GenerationRequest, limits: RunnerLimits): RequestProblem | null {
  const promptLength = request.promptTokens.length;
  if (promptLength === 0)
    return invalid('promptTokens is empty; send at least one token (BOS for an empty text).');
  if (promptLength >= limits.contextTokensMax) {
    const { contextTokensMax } = limits;
    const message = `The prompt has ${promptLength} tokens; the model takes at most ${contextTokensMax - 1}.`;
    return { code: 'prompt-too-long', message };
  }
  if (promptLength > limits.cellsMax) {
    return {
      code: 'cache-too-small',
      message:
        `The prompt has ${promptLength} tokens but the whole KV cache holds ${limits.cellsMax}; ` +
        'shorten it or give the engine a larger cache.',
    };
  }
  for (let i = 0; i < promptLength; i++) {
    if (!isToken(request.promptTokens[i]!, limits)) {
      return invalid(
        `promptTokens[${i}] is ${request.promptTokens[i]}; token ids go from 0 to ${limits.vocabularySize - 1}.`,
      );
    }
  }
  return findCountProblem(request, limits) ?? findSamplingProblem(request.sampling, limits);
}

function findCountProblem(request: GenerationRequest, limits: RunnerLimits): RequestProblem | null {
  const checks: readonly [string, number | null, number][] = [
    ['maxTokens', request.maxTokens, 0],
    ['minTokens', request.minTokens, 0],
    ['choices', request.choices, 1],
    ['cacheTokensMax', request.cacheTokensMax, 0],
    ['logprobs', request.logprobs, 0],
    ['promptLogprobs', request.promptLogprobs, 0],
  ];
  for (const [name, value, min] of checks) {
    if (value !== null && !(Number.isSafeInteger(value) && value >= min)) {
      return invalid(`${name} is ${value}; it must be an integer of at least ${min}.`);
    }
  }
  if (!Number.isFinite(request.priority))
    return invalid(`priority is ${request.priority}; it must be finite.`);
  const lists = { endTokens: request.endTokens, prediction: request.prediction ?? [] };
  for (const [name, tokens] of Object.entries(lists)) {
    const wrong = tokens.find((token) => !isToken(token, limits));
    if (wrong !== undefined) return invalid(`${name} has ${wrong}, which is no token of this model.`);
  }
  return null;
}

function findSamplingProblem(sampling: SamplingOptions, limits: RunnerLimits): RequestProblem | null {
  const checks: readonly [keyof SamplingOptions, (value: number) => boolean, string][] = [
    ['temperature', (value) => value >= 0, 'at least 0'],
    ['topK', (value) => Number.isSafeInteger(value) && value >= 0, 'an integer of at least 0'],
    ['topP', (value) => value >= 0 && value <= 1, 'between 0 and 1'],
    ['minP', (value) => value >= 0 && value <= 1, 'between 0 and 1'],
    ['typicalP', (value) => value >= 0 && value <= 1, 'between 0 and 1'],
    ['repetitionPenalty', (value) => value > 0, 'above 0'],
    ['frequencyPenalty', () => true, 'finite'],
    ['presencePenalty', () => true, 'finite'],
    ['mirostatTarget', (value) => value >= 0, 'at least 0'],
    ['mirostatRate', (value) => value >= 0, 'at least 0'],
    ['seed', Number.isSafeInteger, 'a safe integer'],
  ];
  for (const [name, holds, expected] of checks) {
    const value = sampling[name];
    if (value === null) continue;
    if (!(typeof value === 'number' && Number.isFinite(value) && holds(value))) {
      return invalid(`sampling.${name} is ${String(value)}; it must be ${expected}.`);
    }
  }
  for (const [token, bias] of sampling.logitBias) {
    if (!isToken(token, limits)) return invalid(`logitBias names ${token}, which is no token of this model.`);
    if (!(bias >= -200 && bias <= 200))
      return invalid(`logitBias of ${token} is ${bias}; it goes from -200 to 200.`);
  }
  return null;
}

function isToken(token: number, limits: RunnerLimits): boolean {
  return Number.isSafeInteger(token) && token >= 0 && token < limits.vocabularySize;
}

function invalid(message: string): RequestProblem {
  return { code: 'invalid-request', message };
}
