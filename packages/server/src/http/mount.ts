import { type Method, queryOf, type Resource } from '@sparkler/api';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Caller, HandlersOf } from '../resources/handler.ts';
import { describeFailure, describeRequest, isWrite } from './audit.ts';
import { principalOf, requirePrincipal } from './authenticate.ts';
import type { ServerContext } from './context.ts';
import { etagOf } from './etag.ts';
import { checkAccess } from './mount-access.ts';
import { createDecoder, type DecodedTarget } from './mount-decode.ts';
import { encodeReply } from './mount-encode.ts';
import { acceptUploads } from './mount-upload.ts';
import type { Principal } from './principal.ts';
import { recordRefusal } from './record-refusal.ts';
import { verbSegment } from './rewrite-url.ts';

/**
 * Offers the methods of a resource that have a handler: key, names, permission, query, body and update mask
 * are checked against the contract before the handler runs, and its reply is written as the contract says.
 */
export function mountResource<R extends Resource>(
  app: FastifyInstance,
  context: ServerContext,
  resource: R,
  handlers: HandlersOf<R>,
): void {
  for (const [key, method] of Object.entries(resource.methods)) {
    const handler = handlers[key] as Handler | undefined;
    if (handler === undefined) continue;
    if (method.kind === 'verb' && method.fileField !== null) {
      const { fileField } = method;
      app.register(async (scope) => {
        acceptUploads(scope, fileField);
        mountMethod(scope, context, method, handler);
      });
    } else {
      mountMethod(app, context, method, handler);
    }
  }
}

/** A handler whose types the contract has made sure of. */
type Handler = (request: unknown, caller: Caller) => Promise<unknown>;

function mountMethod(app: FastifyInstance, context: ServerContext, method: Method, handler: Handler): void {
  const decode = createDecoder(method, queryOf(method));
  app.route({
    method: method.httpMethod,
    url: toRoute(method.path),
    onRequest: requirePrincipal(context),
    handler: async (request: FastifyRequest, reply: FastifyReply) => {
      const principal = principalOf(request);
      const target = decode.target(request.params as Record<string, string>);
      try {
        checkAccess(principal, method, target.ids.account, context.settings);
      } catch (error) {
        await recordRefusal(context, request, method, target, error);
        throw error;
      }
      const run = async () => {
        const decoded = await decode.request(target, request.query as Record<string, string>, request.body);
        const answer = await handler(decoded, describeCaller(request, principal));
        return { answer, body: encodeReply(method, decoded, answer) };
      };
      const { answer, body } = await withAudit(context, request, method, target, run);
      const etag = etagOf(answer);
      if (etag !== null) reply.header('etag', etag);
      return reply.send(body);
    },
  });
}

/** Name of what a write made or changed, when the reply says it. */
function nameOf(answer: unknown, target: DecodedTarget): string | null {
  const { name, keyId } = (answer ?? {}) as { name?: unknown; keyId?: unknown };
  if (typeof name === 'string') return name;
  return typeof keyId === 'string' ? `${target.name}/apiKeys/${keyId}` : null;
}

function describeCaller(request: FastifyRequest, principal: Principal): Caller {
  const ifMatch = request.headers['if-match'];
  return {
    principal,
    requestId: request.id,
    baseUrl: `${request.protocol}://${request.host}`,
    ifMatch: ifMatch === undefined || ifMatch.trim() === '*' ? null : ifMatch.trim(),
  };
}

/** Runs a write between the two halves of its entry in the audit log; anything else just runs. */
async function withAudit<T extends { answer: unknown }>(
  { audit }: ServerContext,
  request: FastifyRequest,
  method: Method,
  target: DecodedTarget,
  run: () => Promise<T>,
): Promise<T> {
  if (audit === undefined || !isWrite(method)) return run();
  const principal = principalOf(request);
  const id = await audit.begin({
    account: target.ids.account ?? principal.account,
    method: method.operationId,
    user: principal.user,
    // Outside accounts there is no parent to name.
    resource: target.name || method.permission.split('.', 1)[0]!,
    payload: describeRequest(request, method, principal),
  });
  try {
    const done = await run();
    await audit.complete(id, { code: 'OK', message: '', resource: nameOf(done.answer, target) });
    return done;
  } catch (error) {
    await audit.complete(id, describeFailure(error));
    throw error;
  }
}

/** `/v1/accounts/{account}/models/{model}:prepare` as the router has it, after rewriteUrl. */
export function toRoute(path: string): string {
  const colon = path.lastIndexOf(':');
  const [plainPath, verb] =
    colon < 0 ? [path, ''] : [path.slice(0, colon), verbSegment(path.slice(colon + 1))];
  return plainPath.replaceAll(/\{(\w+)\}/g, ':$1') + verb;
}
