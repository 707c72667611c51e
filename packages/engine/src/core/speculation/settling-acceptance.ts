import { Acceptance } from './acceptance.ts';

/** Tokens in a row, those it was found by included, after which a place in a text counts as found. */
const SETTLED_TOKENS = 5;
/**
 * First estimates and the observations they weigh: of the first kind there are many after each edit, of the
 * second few. Simulated on four edits of 443 tokens with the step costs of four machines, against a place
 * that settles after 10 tokens and drafts of 32: 1.0, 1.07, 1.09 and 1.11 times faster; texts made to mislead
 * (every n-th token replaced, shuffled, thinned out) cost as much or less. A stronger belief in the second
 * gains little and loses a fifth of 60 tokens to the worst of such texts.
 */
const JUST_FOUND = { rate: 0.7, weight: 20 };
const SETTLED = { rate: 0.94, weight: 4 };

/**
 * The same for guesses that follow one text and lose their place where it was edited: a place that was just
 * found again may be the wrong one, and one that was right for a while mostly stays right. Two rates, since
 * one in between makes drafts too long after an edit and too short everywhere else.
 */
export class SettlingAcceptance {
  readonly #justFound = new Acceptance(JUST_FOUND.rate, JUST_FOUND.weight);
  readonly #settled = new Acceptance(SETTLED.rate, SETTLED.weight);
  /** Right guesses in a row. At the start there is no wrong place to be at, only a wrong text. */
  #run = SETTLED_TOKENS - 1;

  get isSettled(): boolean {
    return this.#run >= SETTLED_TOKENS;
  }

  /** How likely the guess `ahead` tokens from here is right, if those before it are. */
  rateAt(ahead: number): number {
    return this.#phaseOf(this.#run + ahead).rate;
  }

  learn(isRight: boolean): void {
    this.#phaseOf(this.#run).learn(isRight);
    this.#run = isRight ? this.#run + 1 : 0;
  }

  /** The place was found again by so many tokens before it that are the same. */
  find(sameTokens: number): void {
    this.#run = sameTokens;
  }

  #phaseOf(run: number): Acceptance {
    return run < SETTLED_TOKENS ? this.#justFound : this.#settled;
  }
}
