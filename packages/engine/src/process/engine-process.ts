import { readFileSync, rmSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';
import type { Engine } from '../core/engine.ts';
import type { OpenModel } from '../core/model-runner.ts';
import { createEngineMetrics } from '../http/engine-metrics.ts';
import { createEngineServer } from '../http/engine-server.ts';
import { describeServedModel, type ServedModel } from '../http/served-model.ts';
import { createGrammarCompiler } from '../text/constraint/grammar-compiler.ts';
import { CrashJournal, journalEngine, readCrashReport } from './crash-journal.ts';
import { type EngineFlags, FlagError } from './engine-flags.ts';
import { writeLifeEvent } from './life-events.ts';
import { openModel, resolveEmbeddingTokens } from './open-model.ts';
import { type Die, startCore } from './start-core.ts';

/** A running engine process. */
export interface EngineProcess {
  /** Stops taking requests, lets the running ones finish within the grace, closes everything. */
  drain(): Promise<void>;
  readonly die: Die;
}

/** Opens the model and serves it. Rejects when it cannot start. */
export async function startEngineProcess(flags: EngineFlags): Promise<EngineProcess> {
  const begun = performance.now();
  reportEarlierCrash(flags.crashReportPath);
  const journal = new CrashJournal(flags.crashReportPath);
  const die: Die = (message, code, lingerMs = 0) => {
    writeLifeEvent({ event: 'fatal', message, inFlight: journal.inFlight });
    if (lingerMs === 0) process.exit(code);
    setTimeout(() => process.exit(code), lingerMs);
  };
  writeLifeEvent({ event: 'loading', fraction: 0 });
  const model = await openModel(flags, createProgressReporter());
  const served = describeServedModel(model, {
    name: flags.name,
    chatTemplate: flags.chatTemplatePath === null ? null : readFileSync(flags.chatTemplatePath, 'utf8'),
    toolFormat: flags.toolFormat,
  });
  const metrics = createEngineMetrics();
  const core = await startCore({ flags, model, observer: metrics.observer, die });
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
    keepAliveMs: flags.keepAliveMs,
    bodyBytesMax: flags.bodyBytesMax,
  });
  const address = await listen(server, flags.listen);
  writeLifeEvent({
    event: 'ready',
    ...describeReady(flags, model, served),
    address,
    loadMs: Math.round(performance.now() - begun),
  });
  return {
    die,
    async drain() {
      writeLifeEvent({ event: 'draining', graceMs: flags.graceMs });
      // The listener closes first, so that no new request is taken; running ones end with the engine.
      const closed = server.close();
      await engine?.close(flags.graceMs);
      await closeConnections(server, closed);
      await core?.closeDraft();
      await model.runner.close();
      journal.close();
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
  };
}

function reportEarlierCrash(path: string | null): void {
  if (path === null) return;
  const inFlight = readCrashReport(path);
  if (inFlight.length > 0) writeLifeEvent({ event: 'crash-report', inFlight });
}

/** Loading is told in steps of a percent, not for each tensor. */
function createProgressReporter(): (fraction: number) => void {
  let told = 0;
  return (fraction) => {
    const percent = Math.floor(fraction * 100);
    if (percent <= told) return;
    told = percent;
    writeLifeEvent({ event: 'loading', fraction: percent / 100 });
  };
}
