import { readFileSync, rmSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';
import type { Engine } from '../core/engine.ts';
import type { OpenModel } from '../core/model-runner.ts';
import { createEngineMetrics } from '../http/engine-metrics.ts';
import { createEngineServer } from '../http/engine-server.ts';
import { createRequestUsage, observeRequests } from '../http/request-usage.ts';
import { describeServedModel, type ServedModel } from '../http/served-model.ts';
import { createGrammarCompiler } from '../text/constraint/grammar-compiler.ts';
import { type CrashJournal, journalEngine } from './crash-journal.ts';
import { type EngineFlags, FlagError } from './engine-flags.ts';
import { resolveEmbeddingTokens } from './open-model.ts';
import { type Die, startCore } from './start-core.ts';

/** A model that is served. */
export interface Serving {
  readonly address: string;
  /** What is told of it once it is ready. */
  readonly description: ReturnType<typeof describeReady>;
  /** Stops taking requests, lets the running ones finish within the grace, closes everything. */
  close(): Promise<void>;
}

/** Puts the scheduler and HTTP on an open model. */
export async function serveModel(
  flags: EngineFlags,
  model: OpenModel,
  journal: CrashJournal,
  die: Die,
): Promise<Serving> {
  const served = describeServedModel(model, {
    name: flags.name,
    chatTemplate: flags.chatTemplatePath === null ? null : readFileSync(flags.chatTemplatePath, 'utf8'),
    toolFormat: flags.toolFormat,
  });
  const metrics = createEngineMetrics();
  const requestUsage = createRequestUsage();
  const observer = observeRequests(metrics.observer, requestUsage);
  const core = await startCore({ flags, model, observer, die });
  const engine = core?.engine ?? null;
  if (engine !== null) metrics.watch(engine);
  for (const { id, path } of flags.adapters) await loadAdapter(engine, id, path);
  const server = createEngineServer({
    model: served,
    engine: engine === null ? null : journalEngine(engine, journal),
    adapters: engine,
    runner: model.runner,
    embeddingTokensMax: resolveEmbeddingTokens(flags, model.description.contextTokensMax),
    grammars: createGrammarCompiler(model.tokenizer),
    metrics,
    requestUsage,
    keepAliveMs: flags.keepAliveMs,
    bodyBytesMax: flags.bodyBytesMax,
  });
  const address = await listen(server, flags.listen);
  return {
    address,
    description: describeReady(flags, model, served),
    async close() {
      // The listener closes first, so that no new request is taken; running ones end with the engine.
      const closed = server.close();
      await engine?.close(flags.graceMs);
      await closeConnections(server, closed);
      await core?.closeDraft();
      await model.runner.close();
    },
  };
}

async function loadAdapter(engine: Engine | null, id: string, path: string): Promise<void> {
  if (engine === null) throw new FlagError('--adapter is for models that generate; this one embeds only');
  await engine.loadAdapter(id, path);
}

async function listen(server: FastifyInstance, where: EngineFlags['listen']): Promise<string> {
  if (!('socketPath' in where)) return server.listen({ host: where.host, port: where.port });
  // A process that was killed leaves its socket behind, and nobody can listen there until it is gone.
  rmSync(where.socketPath, { force: true });
  await server.listen({ path: where.socketPath });
  return where.socketPath;
}

/** Connections that are kept alive would hold the process until their clients let go. */
async function closeConnections(server: FastifyInstance, closed: Promise<unknown>): Promise<void> {
  const sweep = setInterval(() => server.server.closeIdleConnections(), 10);
  // A client that doesn't read the end of its answer does not hold the process for ever.
  const limit = setTimeout(() => server.server.closeAllConnections(), 2000);
  await closed;
  clearInterval(sweep);
  clearTimeout(limit);
}

function describeReady(flags: EngineFlags, model: OpenModel, served: ServedModel) {
  const { limits } = model.runner;
  return {
    name: flags.name,
    architecture: model.description.architecture,
    contextTokens: served.contextTokens,
    cellsMax: limits.cellsMax,
    sequencesMax: limits.sequencesMax,
    batchTokensMax: limits.batchTokensMax,
    vocabularySize: limits.vocabularySize,
    embeddingSize: limits.embeddingSize,
    pooling: model.description.pooling,
    chatTemplate: served.chat.origin,
    chatTemplateProblem: served.chat.abilities.problem,
    toolFormat: served.chat.family.id,
    repackProblem: model.description.repackProblem,
  };
}
