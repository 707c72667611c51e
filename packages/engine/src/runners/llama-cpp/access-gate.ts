/**
 * Lets any number of computations run together, and loading or freeing an adapter run alone: llama.cpp walks
 * a model's adapters while it plans a computation, without a lock.
 */
export class AccessGate {
  #running = 0;
  /** Settled when no exclusive access is waiting or running. */
  #exclusive: Promise<void> | null = null;
  #whenIdle: (() => void)[] = [];

  /** Runs beside other shared accesses; waits for exclusive ones that were asked for before. */
  async shared<T>(run: () => Promise<T>): Promise<T> {
    while (this.#exclusive !== null) await this.#exclusive;
    this.#running++;
    try {
      return await run();
    } finally {
      this.#running--;
      if (this.#running === 0) for (const resolve of this.#whenIdle.splice(0)) resolve();
    }
  }

  /** Runs alone, in the order asked for. */
  async exclusive<T>(run: () => Promise<T> | T): Promise<T> {
    const result = this.#runAlone(this.#exclusive, run);
    const settled: Promise<void> = result.then(
      () => this.#leave(settled),
      () => this.#leave(settled),
    );
    this.#exclusive = settled;
    return await result;
  }

  async #runAlone<T>(previous: Promise<void> | null, run: () => Promise<T> | T): Promise<T> {
    await previous;
    if (this.#running > 0) await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
    return await run();
  }

  #leave(settled: Promise<void>): void {
    if (this.#exclusive === settled) this.#exclusive = null;
  }
}
