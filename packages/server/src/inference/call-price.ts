import { DEFAULT_COMPLETION_TOKENS, InferenceError } from '@sparkler/api';
import type { ServerContext } from '../http/context.ts';
import { planWorstCost, planWorstTokens, type RequestBounds } from '../ledger/plan-cost.ts';
import { findTokenPrices, type TokenPrices } from '../ledger/price-book.ts';
import { findTokenClass } from '../ledger/quotas.ts';
import { SpendRefusedError, type SpendReservation } from '../ledger/spend-guard.ts';
import type { Dialect } from './dialects/dialect.ts';
import type { Endpoint } from './endpoints.ts';
import type { RateWish } from './limits/rate-limiter.ts';
import type { PreparedCall } from './prepare-call.ts';
import type { ResolvedTarget } from './resolve.ts';

export interface CallPrice {
  readonly prices: TokenPrices;
  /** The most it can cost, nano-dollars. */
  readonly worstNanos: number;
}

/** What a call on a shared deployment can use at most; null: it runs no model. */
export function planCallBounds(
  { routing }: ServerContext,
  endpoint: Endpoint,
  target: ResolvedTarget,
  dialect: Dialect,
  fields: Readonly<Record<string, unknown>>,
  bodyBytes: number,
): RequestBounds | null {
  if (endpoint.name === 'format-check') return null;
  const generates = endpoint.name === 'chat' || endpoint.name === 'completions';
  const asked = fields.max_tokens ?? fields.max_completion_tokens;
  const contextTokens = routing.current().models.get(target.deployment.baseModel)?.contextLength ?? 0;
  // Our own engines have the same default as the servers that are sent it; others go on to their context's
  // end.
  const isLimited = dialect.extension || dialect.sendsTokenDefault || contextTokens === 0;
  const unasked = isLimited ? DEFAULT_COMPLETION_TOKENS : contextTokens;
  return {
    bodyBytes: bodyBytes + countRepeatedBytes(endpoint, fields),
    completionTokensMax: generates ? (typeof asked === 'number' ? asked : unasked) : 0,
    choices: typeof fields.n === 'number' ? fields.n : 1,
    prompts: countPrompts(endpoint, fields),
    contextTokens,
  };
}

/** What a call on a shared deployment can cost. Adapters cost what their base model does. */
export function planCallPrice(
  context: ServerContext,
  target: ResolvedTarget,
  bounds: RequestBounds | null,
): CallPrice | null {
  if (context.spending === undefined || bounds === null) return null;
  const base = context.routing.current().models.get(target.deployment.baseModel);
  const prices = findTokenPrices(context.spending.prices, base?.priceClass ?? '');
  return { prices, worstNanos: planWorstCost(prices, bounds) };
}

/** What a call on a shared deployment counts as among the rates of its account. */
export function planRateWish(
  { routing }: ServerContext,
  target: ResolvedTarget,
  fields: Readonly<Record<string, unknown>>,
  bounds: RequestBounds | null,
): RateWish {
  const base = routing.current().models.get(target.deployment.baseModel);
  const { prompt, completion } = bounds === null ? { prompt: 0, completion: 0 } : planWorstTokens(bounds);
  return {
    requests: typeof fields.n === 'number' ? fields.n : 1,
    tokenClass: findTokenClass(base?.parameterCount ?? 0),
    tokensMax: prompt + completion,
  };
}

/** A reranker reads query and task anew with each document; the body has them once. */
function countRepeatedBytes(endpoint: Endpoint, fields: Readonly<Record<string, unknown>>): number {
  if (endpoint.name !== 'rerank') return 0;
  const repeated = [fields.query, fields.task].filter((text) => typeof text === 'string').join('');
  return Buffer.byteLength(repeated) * (countPrompts(endpoint, fields) - 1);
}

function countPrompts(endpoint: Endpoint, fields: Readonly<Record<string, unknown>>): number {
  const several = {
    completions: fields.prompt,
    embeddings: fields.input,
    rerank: fields.documents,
    chat: null,
    'format-check': null,
  };
  const list = several[endpoint.name];
  // A list of numbers is one prompt as token ids.
  return Array.isArray(list) && typeof list[0] !== 'number' ? Math.max(1, list.length) : 1;
}

/** Room in the account's budget for a call; null where none is needed. Throws InferenceError (402). */
export async function reserveSpend(
  context: ServerContext,
  call: PreparedCall,
): Promise<SpendReservation | null> {
  if (context.spending === undefined) return null;
  try {
    if (call.price === null) {
      context.spending.guard.check(call.principal.account);
      return null;
    }
    return await context.spending.guard.reserve(call.principal.account, call.price.worstNanos);
  } catch (error) {
    if (error instanceof SpendRefusedError) throw new InferenceError(402, error.message);
    // The budget is in Postgres: while it is away nothing new is lent, and nothing may be spent unseen.
    const message = 'the spending limit of your account can not be checked right now; try again in a moment';
    throw new InferenceError(503, message, { retryAfterSeconds: 2, cause: error });
  }
}
