/** An older observation counts for less: of ten tokens back about a third. */
const DECAY = 0.9;

/** How likely a draft token is accepted, as observed lately, from a prior guess on. */
export class Acceptance {
  readonly #priorRate: number;
  readonly #priorWeight: number;
  #accepted = 0;
  #refused = 0;

  constructor(priorRate: number, priorWeight: number) {
    this.#priorRate = priorRate;
    this.#priorWeight = priorWeight;
  }

  get rate(): number {
    const accepted = this.#accepted + this.#priorRate * this.#priorWeight;
    return accepted / (this.#accepted + this.#refused + this.#priorWeight);
  }

  /** `accepted` of `drafts` tokens were right. Those behind the first wrong one were not tried and tell nothing. */
  learn(drafts: number, accepted: number): void {
    const tried = Math.min(drafts, accepted + 1);
    const kept = DECAY ** tried;
    this.#accepted = this.#accepted * kept + accepted;
    this.#refused = this.#refused * kept + (tried - accepted);
  }
}
