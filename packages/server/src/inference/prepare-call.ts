import { type EngineRequestExtension, InferenceError } from '@sparkler/api';
import type { FastifyRequest } from 'fastify';
import { principalOf } from '../http/authenticate.ts';
import type { ServerContext } from '../http/context.ts';
import type { Principal } from '../http/principal.ts';
import { type CallPrice, planCallBounds, planCallPrice, planRateWish } from './call-price.ts';
import type { Dialect } from './dialects/dialect.ts';
import { encodeRequest } from './dialects/encode.ts';
import { dialects } from './dialects/index.ts';
import type { Endpoint } from './endpoints.ts';
import { findScopeProblem } from './key-scope.ts';
import type { RateDecision, RateLimiter } from './limits/rate-limiter.ts';
import { type ResolvedTarget, resolveModel } from './resolve.ts';
import { noTokens } from './token-counts.ts';
import { selectVisible } from './visible-snapshot.ts';

/** A request that may be admitted: checked, resolved and written in the replica's dialect. */
export interface PreparedCall {
  /** Unique, ours: what usage is recorded under. The caller's own x-request-id may repeat. */
  readonly id: string;
  /** What the caller sees as x-request-id: the same unless the caller chose it. */
  readonly shownId: string;
  readonly endpoint: Endpoint;
  readonly principal: Principal;
  readonly target: ResolvedTarget;
  readonly dialect: Dialect;
  readonly path: string;
  readonly body: Buffer;
  readonly streams: boolean;
  readonly affinityKey: string | null;
  readonly priority: number;
  /** The caller's own labels. */
  readonly metadata: Readonly<Record<string, string>> | null;
  /** How the account stands with its rate limits; null on its own deployments, which have none. */
  readonly rate: RateDecision | null;
  /** What it may cost; null where nothing is charged by the token (an account's own deployments). */
  readonly price: CallPrice | null;
}

/**
 * Requests over a guaranteed limit yield to those within theirs, in the gateway's queue and in the engine's.
 */
const YIELDING_PRIORITY = -1;
const PREFERRED_PRIORITY = 1;

/**
 * Everything about a request that can be wrong before a replica sees it; throws the InferenceError to answer
 * with.
 */
export async function prepareCall(
  context: ServerContext,
  limiter: RateLimiter,
  endpoint: Endpoint,
  request: FastifyRequest,
): Promise<PreparedCall> {
  const principal = principalOf(request);
  const fields = checkFields(endpoint, request.body);
  const { settings } = context;
  const target = findTarget(context, principal, String(fields.model));
  const unfit = target.modelRoute === null ? null : endpoint.unfit(target.modelRoute);
  if (unfit !== null)
    throw new InferenceError(400, `${target.model} can't serve this: ${unfit}`, { param: 'model' });
  const dialect = requireDialect(target);
  const path = pathOf(dialect, endpoint, target);
  const id = request.headers['x-request-id'] === request.id ? context.newId() : request.id;
  const shared = target.deployment.account !== principal.account;
  refuseTier(fields.service_tier, shared);
  const raw = request.rawBody!;
  const bounds = shared ? planCallBounds(context, endpoint, target, dialect, fields, raw.length) : null;
  const rate = shared
    ? await limiter.take(principal.account, planRateWish(context, target, fields, bounds))
    : null;
  const priority = priorityOf(fields.service_tier, rate);
  const extension: EngineRequestExtension = {
    request_id: id,
    isolation_key: isolationKey(principal, request.headers['x-prompt-cache-isolation-key'], fields),
    tenant: principal.account,
    priority,
    adapter: target.adapter,
    ...conversationOf(endpoint, target),
    ...((principal.excludeStop ?? settings.excludeStop) ? { exclude_stop: true } : {}),
    ...(fields.stream === true ? { count_chunks: true } : {}),
    tell_prompt: true,
  };
  const model = target.deployment.upstreamModel ?? target.model;
  const body = encodeCounted(rate, dialect, {
    endpoint: endpoint.name,
    raw,
    fields,
    model,
    extension,
    supportsTools: target.modelRoute?.supportsTools ?? false,
  });
  const keepsSessions = shared || target.deployment.sessionAffinity === true;
  const affinityKey = keepsSessions
    ? affinityOf(principal, request.headers['x-session-affinity'], fields)
    : null;
  const streams = fields.stream === true;
  const shownId = request.id;
  const price = shared ? planCallPrice(context, target, bounds) : null;
  return {
    id,
    shownId,
    endpoint,
    principal,
    target,
    dialect,
    path,
    body,
    streams,
    affinityKey,
    priority,
    metadata: (fields.metadata ?? null) as PreparedCall['metadata'],
    rate,
    price,
  };
}

/** A request that turns out wrong here was counted as a request, and uses no tokens. */
function encodeCounted(rate: RateDecision | null, ...parts: Parameters<typeof encodeRequest>): Buffer {
  try {
    return encodeRequest(...parts);
  } catch (error) {
    rate?.end(noTokens);
    throw error;
  }
}

function pathOf(dialect: Dialect, endpoint: Endpoint, target: ResolvedTarget): string {
  const path = dialect.paths[endpoint.name];
  if (path !== null) return path;
  const message = `the server behind ${target.model} (${dialect.name}) has no ${endpoint.name} endpoint`;
  throw new InferenceError(400, message, { param: 'model' });
}

/**
 * Over-limit and flex requests yield; an account may put its own requests first where it shares with nobody.
 */
function priorityOf(tier: unknown, rate: RateDecision | null): number {
  if (tier === 'priority') return PREFERRED_PRIORITY;
  if (tier === 'flex') return YIELDING_PRIORITY;
  return rate === null || rate.verdict === 'within' ? 0 : YIELDING_PRIORITY;
}

function refuseTier(tier: unknown, shared: boolean): void {
  if (tier !== 'priority' || !shared) return;
  const message = "service_tier 'priority' is for your own deployments; on shared ones leave it out";
  throw new InferenceError(400, message, { param: 'service_tier' });
}

type Fields = Readonly<Record<string, unknown>>;

/** What serves the model that was asked for, if this key may query it. */
function findTarget(
  { settings, routing }: ServerContext,
  principal: Principal,
  model: string,
): ResolvedTarget {
  const visible = selectVisible(routing.current(), principal);
  const target = resolveModel(model, principal, visible, settings.providerAccount);
  if (target instanceof InferenceError) throw target;
  refuseOutOfScope(principal, target);
  return target;
}

/** What a key is limited to beyond what its account may query. */
function refuseOutOfScope(principal: Principal, target: ResolvedTarget): void {
  const isReadOnly = principal.scope?.readOnly === true;
  const why = isReadOnly ? 'may only read, and runs no inference' : findScopeProblem(principal, target);
  if (why === null) return;
  throw new InferenceError(403, `this API key ${why}; use another one`, { param: 'model' });
}

function checkFields(endpoint: Endpoint, body: unknown): Fields {
  if (body === undefined) throw new InferenceError(400, 'the request has no body; send a JSON object');
  const result = endpoint.checker.check(body);
  if (result.ok) return result.value as Fields;
  const { field, message } = result.problem;
  throw new InferenceError(400, message, { param: field === '' ? null : field });
}

/** Prompt caches are never shared between accounts; a caller's own key divides its account's further. */
function isolationKey(principal: Principal, header: string | string[] | undefined, fields: Fields): string {
  const key = fields.prompt_cache_isolation_key ?? header;
  return typeof key === 'string' && key !== '' ? `${principal.account}/${key}` : principal.account;
}

function affinityOf(
  principal: Principal,
  header: string | string[] | undefined,
  fields: Fields,
): string | null {
  const key = header ?? fields.user ?? fields.prompt_cache_key;
  return typeof key === 'string' && key !== '' ? `${principal.account}/${key}` : null;
}

function requireDialect({ deployment }: ResolvedTarget): Dialect {
  const dialect = dialects.get(deployment.dialect);
  if (dialect !== undefined) return dialect;
  throw new Error(`the deployment ${deployment.name} has the unknown dialect "${deployment.dialect}"`);
}

/** What the model's conversationConfig says of chats. */
function conversationOf(
  endpoint: Endpoint,
  { modelRoute }: ResolvedTarget,
): Pick<EngineRequestExtension, 'chat_template' | 'system'> {
  const conversation = endpoint.name === 'chat' ? modelRoute?.conversation : undefined;
  const { template = null, system = null } = conversation ?? {};
  return {
    ...(template === null ? {} : { chat_template: template }),
    ...(system === null ? {} : { system }),
  };
}
