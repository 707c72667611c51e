import type { FastifyInstance } from 'fastify';
import { Engine } from '../core/engine.ts';
import type { EnginePolicy } from '../core/engine-policy.ts';
import { createEngineMetrics } from '../http/engine-metrics.ts';
import { createEngineServer } from '../http/engine-server.ts';
import type { HttpContext } from '../http/http-context.ts';
import { createRequestUsage, observeRequests } from '../http/request-usage.ts';
import { describeServedModel } from '../http/served-model.ts';
import { openScriptedModel, type ScriptedModelOptions } from '../runners/scripted/open-scripted-model.ts';
import { createGrammarCompiler } from '../text/constraint/grammar-compiler.ts';
import { script } from './recite-script.ts';

export interface TestHttp extends AsyncDisposable {
  readonly server: FastifyInstance;
  readonly engine: Engine;
  /** Posts JSON; the body of the answer is JSON too, or the events of a stream. */
  post(route: string, body: object, headers?: Record<string, string>): Promise<TestAnswer>;
}

export interface TestAnswer {
  readonly status: number;
  readonly headers: Record<string, unknown>;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly body: any;
  /** Chunks of a stream, without [DONE]. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly chunks: any[];
}

/**
 * The HTTP side in this process, on the real core and a scripted model that says what the prompt tells it to.
 */
export function openHttp(
  options: {
    readonly model?: ScriptedModelOptions;
    readonly policy?: Partial<EnginePolicy>;
    readonly chatTemplate?: string;
    readonly context?: Partial<HttpContext>;
  } = {},
): TestHttp {
  const model = openScriptedModel({ script, ...options.model });
  const metrics = createEngineMetrics();
  const requestUsage = createRequestUsage();
  const engine = new Engine({
    runner: model.runner,
    observer: observeRequests(metrics.observer, requestUsage),
    ...(options.policy === undefined ? {} : { policy: options.policy }),
  });
  metrics.watch(engine);
  const server = createEngineServer({
    model: describeServedModel(model, {
      name: 'test',
      chatTemplate: options.chatTemplate ?? null,
      toolFormat: null,
    }),
    engine,
    adapters: engine,
    runner: model.runner,
    embeddingTokensMax: 64,
    grammars: createGrammarCompiler(model.tokenizer),
    metrics,
    requestUsage,
    keepAliveMs: 10_000,
    bodyBytesMax: 1024 ** 2,
    ...options.context,
  });
  return {
    server,
    engine,
    async post(route, body, headers = {}) {
      const answer = await server.inject({ method: 'POST', url: route, payload: body, headers });
      const isStream = String(answer.headers['content-type']).startsWith('text/event-stream');
      return {
        status: answer.statusCode,
        headers: answer.headers,
        text: answer.payload,
        body: isStream || answer.payload === '' ? null : JSON.parse(answer.payload),
        chunks: isStream ? readChunks(answer.payload) : [],
      };
    },
    async [Symbol.asyncDispose]() {
      await engine.close(0);
      await server.close();
    },
  };
}

function readChunks(text: string) {
  return text
    .split('\n\n')
    .filter((event) => event.startsWith('data: ') && event !== 'data: [DONE]')
    .map((event) => JSON.parse(event.slice('data: '.length)));
}

/** A chat whose answer is the given text. */
export function chat(text: string, more: object = {}) {
  return { model: 'test', messages: [{ role: 'user', content: `SAY ${text}` }], ...more };
}

/** A prompt whose answer is the given text. */
export function completion(text: string, more: object = {}) {
  return { model: 'test', prompt: `SAY ${text}\u001e`, ...more };
}
