import { existsSync } from 'node:fs';
import { type CatalogueEntry, type FetchProgress, fetchModel } from '../catalogue/index.ts';

/** Whether the files of a model are on this machine. */
export type WeightsState =
  | { readonly state: 'absent' }
  | { readonly state: 'fetching'; readonly progress: FetchProgress | null }
  | { readonly state: 'ready'; readonly path: string }
  | { readonly state: 'failed'; readonly reason: string; readonly retryTimeMs: number };

/** Models on their way to this machine. Fetching goes on in the background; runs of reconcilers only look. */
export interface Weights {
  state(model: string): WeightsState;
  /** Begins a fetch unless one runs. */
  fetch(model: string, entry: CatalogueEntry): void;
  /** Calls back with the model's name when a fetch ended, well or not. */
  onEnd(listener: (model: string) => void): void;
  close(): Promise<void>;
}

export interface WeightsOptions {
  readonly cacheFolder: string;
  readonly modelsFolder: string | undefined;
  readonly onProgress: (model: string, progress: FetchProgress) => void;
  /** For tests: how a model is fetched. */
  readonly fetch?: typeof fetchModel;
}

/** A source that is down now may be up in a minute; trying more often would only be noise. */
const retryMs = 60_000;

export function createWeights(options: WeightsOptions): Weights {
  const states = new Map<string, WeightsState>();
  const running = new Set<Promise<void>>();
  const listeners: ((model: string) => void)[] = [];
  const closing = new AbortController();

  async function fetchInBackground(model: string, entry: CatalogueEntry): Promise<void> {
    try {
      const fetched = await (options.fetch ?? fetchModel)(entry, {
        cacheFolder: options.cacheFolder,
        ...(options.modelsFolder === undefined ? {} : { modelsFolder: options.modelsFolder }),
        signal: closing.signal,
        onProgress(progress) {
          states.set(model, { state: 'fetching', progress });
          options.onProgress(model, progress);
        },
      });
      states.set(model, requireGguf(model, fetched));
    } catch (error) {
      states.set(model, {
        state: 'failed',
        reason: (error as Error).message,
        retryTimeMs: Date.now() + retryMs,
      });
    }
    if (!closing.signal.aborted) for (const listener of listeners) listener(model);
  }

  return {
    state(model) {
      const known = states.get(model);
      // The cache is anyone's to empty, also while we run.
      if (!known || (known.state === 'ready' && !existsSync(known.path))) return { state: 'absent' };
      return known;
    },
    fetch(model, entry) {
      if (states.get(model)?.state === 'fetching') return;
      states.set(model, { state: 'fetching', progress: null });
      const task = fetchInBackground(model, entry).finally(() => running.delete(task));
      running.add(task);
    },
    onEnd(listener) {
      listeners.push(listener);
    },
    async close() {
      closing.abort(new Error('the server is stopping'));
      await Promise.all(running);
    },
  };
}

function requireGguf(model: string, fetched: { format: string; path: string }): WeightsState {
  if (fetched.format === 'gguf') return { state: 'ready', path: fetched.path };
  return {
    state: 'failed',
    reason: `${model} is in Hugging Face's form (${fetched.path}); the built-in engine serves GGUF files only.`,
    retryTimeMs: Number.POSITIVE_INFINITY,
  };
}
