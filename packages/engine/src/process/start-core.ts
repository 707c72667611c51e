import { Engine } from '../core/engine.ts';
import type { EngineObserver } from '../core/engine-observer.ts';
import type { ModelRunner, OpenModel } from '../core/model-runner.ts';
import { createDraftModel } from '../core/speculation/runner-draft-model.ts';
import { describeFault } from './describe-fault.ts';
import type { EngineFlags } from './engine-flags.ts';
import { exitCodes } from './exit-codes.ts';
import { openDraftModel } from './open-model.ts';
import { watchRunner } from './watch-runner.ts';

/** Says why and ends the process, at once or after a moment in which answers under way get their error. */
export type Die = (message: string, code: number, lingerMs?: number) => void;

export interface CoreParts {
  readonly flags: EngineFlags;
  readonly model: OpenModel;
  readonly observer: EngineObserver;
  readonly die: Die;
}

export interface Core {
  readonly engine: Engine;
  /** After the engine is closed. */
  closeDraft(): Promise<void>;
}

/** Enough to write an error to every socket. */
const FAREWELL_MS = 200;

/** The scheduler on its runner; null for encoders, which keep no sequences. */
export async function startCore(parts: CoreParts): Promise<Core | null> {
  const { flags, model, observer, die } = parts;
  if (model.runner.limits.cellsMax === 0) return null;
  const hang = `a forward call did not come back within ${flags.stepTimeoutMs} ms; the process ends itself`;
  const watch = (runner: ModelRunner) =>
    watchRunner(runner, flags.stepTimeoutMs, () => die(hang, exitCodes.hung));
  const draft = flags.draftModelPath === null ? null : await openDraftModel(flags, flags.draftModelPath);
  const { vocabularySize } = model.runner.limits;
  const engine = new Engine({
    runner: watch(model.runner),
    ...(draft === null ? {} : { draftModel: createDraftModel(watch(draft.runner), vocabularySize) }),
    policy: {
      prefixCache: flags.prefixCache,
      speculation: flags.speculation,
      ...(flags.queueMax === null ? {} : { queueMax: flags.queueMax }),
      ...(flags.draftTokensMax === null ? {} : { draftTokensMax: flags.draftTokensMax }),
      ...(flags.ngramTokens === null ? {} : { ngramTokens: flags.ngramTokens }),
      ...(flags.hostCacheBytes === null ? {} : { hostBytesMax: flags.hostCacheBytes }),
    },
    observer: {
      ...observer,
      onFailure: (error) => die(`the model runner failed: ${describe(error)}`, exitCodes.failed, FAREWELL_MS),
      // A listener that throws is a fault of this process; what else it holds can't be trusted.
      onListenerError: (_, error) =>
        die(`a fault in the engine process: ${describeFault(error)}`, exitCodes.failed),
    },
  });
  return { engine, closeDraft: async () => draft?.runner.close() };
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
