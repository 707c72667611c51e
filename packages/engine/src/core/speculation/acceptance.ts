/** An older observation counts for less: of fifty tokens back about a third. */
const DECAY = 0.98;

/** How likely a guessed token is right, as observed lately, from a first guess on. */
export class Acceptance {
  readonly #priorRate: number;
  readonly #priorWeight: number;
  #right = 0;
  #wrong = 0;

  constructor(priorRate: number, priorWeight: number) {
    this.#priorRate = priorRate;
    this.#priorWeight = priorWeight;
  }

  /** The same however far ahead. */
  rateAt(_ahead: number): number {
    return this.rate;
  }

  get rate(): number {
    const right = this.#right + this.#priorRate * this.#priorWeight;
    return right / (this.#right + this.#wrong + this.#priorWeight);
  }

  learn(isRight: boolean): void {
    this.#right = this.#right * DECAY + (isRight ? 1 : 0);
    this.#wrong = this.#wrong * DECAY + (isRight ? 0 : 1);
  }
}
