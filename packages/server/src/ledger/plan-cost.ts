import type { TokenCounts } from '../inference/token-counts.ts';
import type { TokenPrices } from './price-book.ts';

/** What a request did cost, nano-dollars. */
export function planCost(prices: TokenPrices, tokens: TokenCounts): number {
  const cached = Math.min(tokens.cachedPromptTokens, tokens.promptTokens);
  const fresh = tokens.promptTokens - cached;
  return fresh * prices.prompt + cached * prices.cachedPrompt + tokens.completionTokens * prices.completion;
}

export interface RequestBounds {
  /** Bytes of the request body. No tokenizer makes more tokens than bytes. */
  readonly bodyBytes: number;
  /** max_tokens, or its default. */
  readonly completionTokensMax: number;
  readonly choices: number;
  /** Number of prompts in the body (completions and embeddings take several). */
  readonly prompts: number;
  /** Tokens of the model's context: bounds prompt and completion of each choice. */
  readonly contextTokens: number;
}

/** Tokens that a chat template may add around the text of a body. */
const templateTokensMax = 1024;

/** The most tokens that a request can use before anything of it is known but its size. */
export function planWorstTokens(bounds: RequestBounds): {
  readonly prompt: number;
  readonly completion: number;
} {
  const context = bounds.contextTokens > 0 ? bounds.contextTokens : Number.POSITIVE_INFINITY;
  return {
    prompt: Math.min(bounds.bodyBytes + templateTokensMax * bounds.prompts, context * bounds.prompts),
    completion: Math.min(bounds.completionTokensMax, context) * bounds.choices * bounds.prompts,
  };
}

/** The most that a request can cost: what is reserved for it. */
export function planWorstCost(prices: TokenPrices, bounds: RequestBounds): number {
  const { prompt, completion } = planWorstTokens(bounds);
  return prompt * Math.max(prices.prompt, prices.cachedPrompt) + completion * prices.completion;
}
