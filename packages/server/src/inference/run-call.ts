import { InferenceError } from '@sparkler/api';
import type { FastifyReply } from 'fastify';
import { errorOfFullDeployment, type Place, type Waiting } from './admit.ts';
import { reserveSpend } from './call-price.ts';
import { CallerStream, type CancelReason } from './caller-stream.ts';
import { Exchange, type ExchangeEnd } from './exchange.ts';
import type { Gateway } from './gateway.ts';
import { type MeteredRun, meterCall } from './meter-call.ts';
import { encodeBill, type OpenRequest, toOpenRequest } from './open-request.ts';
import type { PreparedCall } from './prepare-call.ts';
import { errorOfBreak, errorOfNonsense, errorOfRefusal, isShuttingDown } from './replica-error.ts';
import type { ReplicaRoute } from './routing.ts';
import { noTokens } from './token-counts.ts';

/** Replicas tried for one request: another one only where nothing of it can have run. */
const ATTEMPTS_MAX = 3;

/** What is known of a call once it left its replica. */
type Run = Omit<MeteredRun, 'startMs' | 'endMs'>;

/** Takes a prepared call from admission to its one terminal event, and meters it if it was admitted. */
export async function runCall(gateway: Gateway, call: PreparedCall, reply: FastifyReply): Promise<void> {
  const { context, openCalls } = gateway;
  const startMs = context.now();
  const requestId = reply.request.id;
  reply.hijack();
  const copies = context.requestLog !== undefined && call.principal.logsRequests === true;
  const caller = new CallerStream(reply.raw, { requestId, streams: call.streams, copies, now: context.now });
  caller.addHeaders({ 'x-fireworks-request-id': call.id });
  if (call.rate !== null) caller.addHeaders(call.rate.headers);
  const remove = openCalls.add(caller, startMs);
  const endLoad = context.loads?.begin(call.target.deployment.name);
  try {
    refuseOverQuota(call);
    const reservation = await reserveSpend(context, call);
    try {
      const run = await attemptCall(gateway, call, caller, (replica) => {
        // A check of a format runs no model: nobody owes anything for it.
        if (call.endpoint.name === 'format-check') return {};
        const open = toOpenRequest(call, replica, reservation, startMs);
        context.journal?.begin(open);
        return billHeaders(gateway, call, open);
      });
      endLoad?.(run.summary.tokens?.completionTokens ?? 0);
      meterCall(gateway, call, { ...run, startMs, endMs: context.now() }, reservation);
      context.journal?.end(call.id, true);
      if (copies) logText(gateway, call, caller, reply.request.rawBody!, startMs);
    } finally {
      // Settled before, if it was metered; else the room is free again.
      reservation?.settle(0);
      context.journal?.end(call.id, false);
    }
  } catch (error) {
    if (!(error instanceof InferenceError)) {
      const { account } = call.principal;
      context.log.error({ requestId, account, err: error }, 'an inference request failed inside the gateway');
    }
    const told =
      error instanceof InferenceError ? error : new InferenceError(500, 'the gateway failed; try again');
    if (caller.cancelled !== 'gone') caller.fail(told);
  } finally {
    // Counted before, if it was metered; else it used no tokens.
    call.rate?.end(noTokens);
    endLoad?.(0);
    remove();
  }
}

/** Only our own engines hear of bills: servers of others neither need them nor should say whom to charge. */
function billHeaders({ context }: Gateway, { dialect, target }: PreparedCall, open: OpenRequest) {
  const isOurs = dialect.extension && (target.deployment.upstreamModel ?? null) === null;
  return isOurs && context.gatewayId !== undefined ? encodeBill(context.gatewayId, open) : {};
}

/** Keeps the texts of a request whose account asked for it; of all others they are gone by now. */
function logText(
  { context }: Gateway,
  { id, principal, target, endpoint }: PreparedCall,
  caller: CallerStream,
  body: Buffer,
  timeMs: number,
): void {
  context.requestLog?.record({
    requestId: id,
    account: principal.account,
    model: target.model,
    endpoint: endpoint.name,
    timeMs,
    request: body.toString(),
    answer: caller.sent(),
  });
}

function refuseOverQuota({ rate, principal }: PreparedCall): void {
  if (rate?.refusedBy == null) return;
  const over =
    rate.refusedBy === 'requests-per-minute'
      ? 'is over its maximum of requests per minute; slow down'
      : 'has no room left for this request in its tokens of today; they begin anew at 00:00 UTC';
  const message = `the account ${principal.account} ${over} (quota ${rate.refusedBy}, see firectl list quotas)`;
  throw new InferenceError(429, message, { retryAfterSeconds: rate.retryAfterSeconds });
}

async function attemptCall(
  gateway: Gateway,
  call: PreparedCall,
  caller: CallerStream,
  onPlace: (replica: ReplicaRoute) => Readonly<Record<string, string>>,
): Promise<Run> {
  for (let attempt = 1; ; attempt++) {
    const place = await waitForPlace(gateway, call, caller);
    try {
      const headers = onPlace(place.replica);
      const admittedMs = gateway.context.now();
      const exchange = new Exchange(caller, call.dialect, call.target.model, gateway.context.now);
      const end = await exchangeWith(gateway, call, { ...place, headers }, caller, exchange);
      if (!mayTryAnother(gateway, call, place, end)) {
        const status = settle(gateway, call, caller, end);
        const { firstByteMs } = exchange;
        return { status, replica: place.replica.id, admittedMs, firstByteMs, summary: exchange.summary() };
      }
      gateway.admissions.suspect(call.target.deployment.name, place.replica.id);
      if (attempt === ATTEMPTS_MAX) throw errorOfBreak(caller.begun);
    } finally {
      place.release();
    }
  }
}

/**
 * Whether nothing of a request ran, or it ran in vain on a replica that was on its way out. One that breaks
 * off for another reason may have died of the request: that is never given to a second one.
 */
function mayTryAnother(gateway: Gateway, call: PreparedCall, { replica }: Place, end: ExchangeEnd): boolean {
  if (end.kind === 'never-started') return true;
  if (end.kind === 'refused') return isShuttingDown(end);
  if (end.kind !== 'broken' || end.begun) return false;
  const deployment = gateway.context.routing.current().deployments.get(call.target.deployment.name);
  return deployment?.replicas.find(({ id }) => id === replica.id)?.state === 'draining';
}

async function waitForPlace(gateway: Gateway, call: PreparedCall, caller: CallerStream): Promise<Place> {
  const deployment = call.target.deployment.name;
  const { place, withdraw } = gateway.admissions.admit({
    deployment,
    account: call.principal.account,
    affinityKey: call.affinityKey,
    adapter: call.target.adapter,
    priority: call.priority,
    dropIfFull: call.rate?.verdict === 'far-over',
    onWait: (waiting) => tellWaiting(caller, deployment, waiting),
  });
  caller.onCancel((reason) =>
    withdraw(reason === 'timeout' ? errorOfFullDeployment(deployment) : errorOfCancel(reason)),
  );
  return await place;
}

/**
 * Tells a caller where it stands: in headers of whatever answer comes (the first news only, once they are
 * out), and in comments of a stream that waits for a replica to start.
 */
function tellWaiting(caller: CallerStream, deployment: string, { phase, position, detail }: Waiting): void {
  if (!caller.begun) caller.addHeaders({ 'x-queue-position': String(position), 'x-queue-phase': phase });
  if (!caller.streams || phase === 'busy') return;
  const because = detail === null ? '' : `: ${detail.replaceAll(/\s+/g, ' ')}`;
  caller.comment(`waiting for ${deployment} to start (it is ${phase}${because}), position ${position}`);
}

function exchangeWith(
  gateway: Gateway,
  call: PreparedCall,
  place: Pick<Place, 'replica'> & { readonly headers: Readonly<Record<string, string>> },
  caller: CallerStream,
  exchange: Exchange,
): Promise<ExchangeEnd> {
  const { dispatcher, pathPrefix } = gateway.upstreams.get(place.replica);
  caller.onCancel(() => exchange.abort());
  const { upstreamKey } = call.target.deployment;
  const headers: Record<string, string> = { ...place.headers, 'content-type': 'application/json' };
  if (upstreamKey) headers.authorization = `Bearer ${upstreamKey}`;
  dispatcher.dispatch({ path: pathPrefix + call.path, method: 'POST', headers, body: call.body }, exchange);
  return exchange.finished;
}

/** Tells the caller how it ended, where the exchange has not, and says which status it saw. */
function settle(gateway: Gateway, call: PreparedCall, caller: CallerStream, end: ExchangeEnd): number {
  switch (end.kind) {
    case 'answered':
      return end.status;
    case 'refused': {
      const error = errorOfRefusal(end);
      caller.fail(error);
      return error.status;
    }
    case 'aborted': {
      if (caller.cancelled === 'gone') return 499;
      const error = errorOfCancel(caller.cancelled ?? 'closing');
      if (caller.cancelled === 'stalled') caller.destroy();
      else caller.fail(error);
      return error.status;
    }
    default: {
      const error = end.kind === 'invalid' ? errorOfNonsense() : errorOfBreak(caller.begun);
      const { log } = gateway.context;
      // The cause is a socket's or a parser's word; it holds nothing of the request.
      const cause = end.cause.message;
      const { account } = call.principal;
      const deployment = call.target.deployment.name;
      log.warn({ requestId: call.id, account, deployment, cause }, 'a replica broke off');
      caller.fail(error);
      return error.status;
    }
  }
}

function errorOfCancel(reason: CancelReason): InferenceError {
  if (reason === 'timeout') {
    const message =
      'the model did not finish in the time a request may take; ask for fewer tokens or try again';
    return new InferenceError(504, message, { retryAfterSeconds: 5 });
  }
  if (reason === 'closing') {
    return new InferenceError(503, 'the server is shutting down; try again', { retryAfterSeconds: 5 });
  }
  return new InferenceError(408, 'the caller left or stopped reading before the answer was complete');
}
