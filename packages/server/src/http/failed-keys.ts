/** What a caller with a wrong key gets. */
export interface Penalty {
  /** How long the answer is held back. */
  readonly delayMs: number;
  /** It is told to stop rather than that the key is wrong. */
  readonly isRefused: boolean;
}

/** Wrong keys that an address may send in a minute without being slowed: somebody who mistypes. */
const freeFailures = 10;
/** Wrong keys in a minute after which they are refused as too many. */
const refusedFailures = 60;
const delayStepMs = 20;
const delayMaxMs = 1_000;
const windowMs = 60_000;
/** Addresses remembered; beyond, the oldest are forgotten. */
const addressesMax = 10_000;

/**
 * Slows down who guesses keys. Good keys are never held back, so those who share an address with a guesser
 * notice nothing; and a key has 192 random bits, so that this keeps logs and processors quiet rather than
 * keys safe.
 */
export class FailedKeys {
  readonly #now: () => number;
  readonly #addresses = new Map<string, { count: number; sinceMs: number }>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Counts a wrong key from an address, and says how it is answered. */
  add(address: string): Penalty {
    const nowMs = this.#now();
    const known = this.#addresses.get(address);
    const entry = known && nowMs - known.sinceMs < windowMs ? known : { count: 0, sinceMs: nowMs };
    entry.count += 1;
    this.#addresses.delete(address);
    this.#addresses.set(address, entry);
    if (this.#addresses.size > addressesMax) this.#addresses.delete(this.#addresses.keys().next().value!);
    const excess = Math.max(0, entry.count - freeFailures);
    return {
      delayMs: Math.min(excess * delayStepMs, delayMaxMs),
      isRefused: entry.count > refusedFailures,
    };
  }
}
