import { AdapterError } from './adapter-error.ts';
import type { LoadedAdapter, ModelRunner } from './model-runner.ts';

interface Change {
  readonly id: string;
  /** Null: unload. */
  readonly path: string | null;
  readonly resolve: (adapter: LoadedAdapter | null) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Adapters of the runner, and changes that wait until nothing uses the adapter any more. Changes of one id
 * happen in the order asked for.
 */
export class AdapterRegistry {
  readonly #runner: ModelRunner;
  readonly #loaded = new Map<string, LoadedAdapter>();
  #changes: Change[] = [];

  constructor(runner: ModelRunner) {
    this.#runner = runner;
  }

  get ids(): string[] {
    return [...this.#loaded.keys()];
  }

  get hasChanges(): boolean {
    return this.#changes.length > 0;
  }

  get(id: string): LoadedAdapter | null {
    return this.#loaded.get(id) ?? null;
  }

  /** Being replaced: requests wait for the new version. */
  isChanging(id: string): boolean {
    return this.#changes.some((change) => change.id === id);
  }

  /** Requests for it may come in: it is loaded, and stays so after the changes that wait. */
  isServed(id: string): boolean {
    const last = this.#changes.findLast((change) => change.id === id);
    return this.#loaded.has(id) && (last === undefined || last.path !== null);
  }

  /** Asks for a load (a reload if the id is loaded). Settles when `applyChanges` got to it. */
  load(id: string, path: string): Promise<LoadedAdapter> {
    return this.#ask(id, path) as Promise<LoadedAdapter>;
  }

  /** Asks for an unload. Rejects with AdapterError if the id is not loaded then. */
  async unload(id: string): Promise<void> {
    await this.#ask(id, null);
  }

  /** Rejects all changes that wait. */
  cancelChanges(reason: string): void {
    for (const change of this.#changes) change.reject(new AdapterError(`Adapter ${change.id}: ${reason}`));
    this.#changes = [];
  }

  /**
   * Makes the changes whose adapter is unused; call between steps. `onGone` hears of each version that left.
   */
  async applyChanges(
    isUsed: (id: string) => boolean,
    onGone: (adapter: LoadedAdapter) => void,
  ): Promise<void> {
    const blocked = new Set<string>();
    for (const change of [...this.#changes]) {
      if (blocked.has(change.id) || isUsed(change.id)) {
        blocked.add(change.id);
        continue;
      }
      this.#changes = this.#changes.filter((other) => other !== change);
      try {
        change.resolve(await this.#apply(change, onGone));
      } catch (error) {
        change.reject(error);
      }
    }
  }

  async #apply(change: Change, onGone: (adapter: LoadedAdapter) => void): Promise<LoadedAdapter | null> {
    const { id, path } = change;
    const old = this.#loaded.get(id);
    if (old === undefined && path === null) throw new AdapterError(`Adapter ${id} is not loaded here.`);
    if (old !== undefined) {
      this.#runner.unloadAdapter(id);
      this.#loaded.delete(id);
      onGone(old);
    }
    if (path === null) return null;
    const adapter = await this.#runner.loadAdapter(id, path);
    this.#loaded.set(id, adapter);
    return adapter;
  }

  #ask(id: string, path: string | null): Promise<LoadedAdapter | null> {
    return new Promise((resolve, reject) => {
      this.#changes.push({ id, path, resolve, reject });
    });
  }
}
