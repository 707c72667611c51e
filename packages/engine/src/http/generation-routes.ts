import { InferenceError } from '@sparkler/api';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { checkBody } from './check-body.ts';
import { createChatShape } from './generation/chat-shape.ts';
import { collectResponse } from './generation/collect-response.ts';
import { completionShape } from './generation/completion-shape.ts';
import { countPromptTokens, type GenerationPlan } from './generation/generation-plan.ts';
import { planChat } from './generation/plan-chat.ts';
import { planCompletion } from './generation/plan-completion.ts';
import type { PlanContext } from './generation/plan-context.ts';
import type { ResponseShape } from './generation/response-shape.ts';
import { ResponseStream } from './generation/response-stream.ts';
import type { HttpContext } from './http-context.ts';
import { readBillNote } from './read-bill-note.ts';
import { readRequestHeaders } from './request-headers.ts';
import { chatChecker, completionChecker, type SharedBody } from './request-schemas.ts';
import { resolveAdapter } from './resolve-adapter.ts';
import { tellPrompt } from './tell-prompt.ts';
import { watchCaller } from './watch-caller.ts';

/** POST /v1/chat/completions and POST /v1/completions. */
export function addGenerationRoutes(server: FastifyInstance, context: HttpContext): void {
  server.post('/v1/chat/completions', async (request, reply) => {
    const arrivedMs = performance.now();
    const body = checkBody(chatChecker, request.body);
    const plan = planChat(body, openPlan(context, request, body));
    tellPrompt(body.sparkler, reply.raw, countPromptTokens(plan));
    const asFunction = Array.isArray(body.functions);
    const formCallId = (id: string) => context.model.chat.family.formCallId(id);
    return answer({
      context,
      request,
      reply,
      plan,
      shape: createChatShape({ asFunction, formCallId }),
      arrivedMs,
    });
  });

  server.post('/v1/completions', async (request, reply) => {
    const arrivedMs = performance.now();
    const body = checkBody(completionChecker, request.body);
    const plan = await planCompletion(body, openPlan(context, request, body));
    tellPrompt(body.sparkler, reply.raw, countPromptTokens(plan));
    return answer({ context, request, reply, plan, shape: completionShape, arrivedMs });
  });
}

function openPlan(context: HttpContext, request: FastifyRequest, body: SharedBody): PlanContext {
  if (context.engine === null) {
    throw new InferenceError(400, `'${context.model.name}' computes vectors and does not generate text`, {
      param: 'model',
    });
  }
  return {
    model: context.model,
    requestId: body.sparkler?.request_id ?? request.id,
    headers: readRequestHeaders(request.headers),
    adapter: resolveAdapter(body.model, body.sparkler, context),
    compileGrammar: (source) => context.grammars.compile(source, body.sparkler?.isolation_key ?? ''),
  };
}

interface AnswerOptions {
  readonly context: HttpContext;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly plan: GenerationPlan;
  readonly shape: ResponseShape;
  readonly arrivedMs: number;
}

async function answer(options: AnswerOptions): Promise<unknown> {
  const { context, request, reply, plan, shape, arrivedMs } = options;
  const engine = context.engine!;
  const { tokenizer } = context.model;
  context.requestUsage.begin(
    plan.requestId,
    plan.prompts.map((prompt) => prompt.request.id),
    readBillNote(request),
  );
  if (plan.stream) {
    const { keepAliveMs } = context;
    // Nothing is sent before `done` could still reject, so an early error takes the usual way.
    const stream = new ResponseStream({
      plan,
      engine,
      tokenizer,
      shape,
      raw: reply.raw,
      arrivedMs,
      keepAliveMs,
    });
    await stream.done;
    reply.hijack();
    return reply;
  }
  const signal = watchCaller(reply.raw);
  const response = await collectResponse({ plan, engine, tokenizer, shape, arrivedMs, signal });
  if (response === null) {
    if (!signal.aborted) throw new InferenceError(503, 'the engine is shutting down; send the request again');
    reply.hijack();
    return reply;
  }
  return reply.headers(response.headers).send(response.body);
}
