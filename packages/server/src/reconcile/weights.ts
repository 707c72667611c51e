import { existsSync } from 'node:fs';
import { type CatalogueEntry, type FetchProgress, fetchModel } from '../catalogue/index.ts';
import type { UploadedFiles, WorkingCopies } from '../model-work/working-copies.ts';

/** Whether the files of a model are on this machine. */
export type WeightsState =
  | { readonly state: 'absent' }
  | { readonly state: 'fetching'; readonly progress: FetchProgress | null }
  | { readonly state: 'ready'; readonly path: string }
  | { readonly state: 'failed'; readonly reason: string; readonly retryTimeMs: number };

/** Where the files of a model come from: an entry of the catalogue, or what was uploaded. */
export type WeightsSource = CatalogueEntry | UploadedFiles;

/** Models on their way to this machine. Fetching goes on in the background; runs of reconcilers only look. */
export interface Weights {
  /**
   * `blobPrefix`: where the files of an uploaded model lie; another upload of the same name is another model.
   */
  state(model: string, blobPrefix?: string | null): WeightsState;
  /** Begins a fetch unless one runs. */
  fetch(model: string, source: WeightsSource): void;
  /** Calls back with the model's name when a fetch ended, well or not. */
  onEnd(listener: (model: string) => void): void;
  close(): Promise<void>;
}

export interface WeightsOptions {
  readonly cacheFolder: string;
  readonly modelsFolder: string | undefined;
  /** Makes files of uploaded models that engines can open; left out: there are none. */
  readonly workingCopies?: WorkingCopies;
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

  async function fetchFiles(model: string, source: WeightsSource): Promise<WeightsState> {
    if ('blobPrefix' in source) {
      if (!options.workingCopies) throw new Error('this server was started without a blob store');
      return { state: 'ready', path: await options.workingCopies.open(source, closing.signal) };
    }
    const fetched = await (options.fetch ?? fetchModel)(source, {
      cacheFolder: options.cacheFolder,
      ...(options.modelsFolder === undefined ? {} : { modelsFolder: options.modelsFolder }),
      signal: closing.signal,
      onProgress(progress) {
        states.set(model, { state: 'fetching', progress });
        options.onProgress(model, progress);
      },
    });
    return requireGguf(model, fetched);
  }

  async function fetchInBackground(model: string, source: WeightsSource): Promise<void> {
    const key = keyOf(model, 'blobPrefix' in source ? source.blobPrefix : null);
    try {
      states.set(key, await fetchFiles(model, source));
    } catch (error) {
      states.set(key, {
        state: 'failed',
        reason: (error as Error).message,
        retryTimeMs: Date.now() + retryMs,
      });
    }
    if (!closing.signal.aborted) for (const listener of listeners) listener(model);
  }

  return {
    state(model, blobPrefix = null) {
      const known = states.get(keyOf(model, blobPrefix));
      // The cache is anyone's to empty, also while we run.
      if (!known || (known.state === 'ready' && !existsSync(known.path))) return { state: 'absent' };
      return known;
    },
    fetch(model, source) {
      const key = keyOf(model, 'blobPrefix' in source ? source.blobPrefix : null);
      if (states.get(key)?.state === 'fetching') return;
      states.set(key, { state: 'fetching', progress: null });
      const task = fetchInBackground(model, source).finally(() => running.delete(task));
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

function keyOf(model: string, blobPrefix: string | null): string {
  return blobPrefix === null ? model : `${model} ${blobPrefix}`;
}

function requireGguf(model: string, fetched: { format: string; path: string }): WeightsState {
  if (fetched.format === 'gguf') return { state: 'ready', path: fetched.path };
  return {
    state: 'failed',
    reason: `${model} is in Hugging Face's form (${fetched.path}); the built-in engine serves GGUF files only.`,
    retryTimeMs: Number.POSITIVE_INFINITY,
  };
}
