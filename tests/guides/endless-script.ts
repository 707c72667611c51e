import type { ScriptedHistory } from '../../packages/engine/src/runners/scripted/scripts.ts';

/**
 * A model that says `word ` without end, slowly. In a bare prompt it says token 2, then token 0 as the second
 * likeliest: what the guide's logit_bias turns round.
 */
export function script(history: ScriptedHistory, logits: Float32Array): void {
  logits.fill(-60);
  if (history.tokenAt(history.length - 1) <= DOT && isBare(history)) {
    logits[2] = 0;
    logits[0] = -20;
    return;
  }
  logits['word '.charCodeAt(history.length % 5)] = 0;
}

const DOT = '.'.charCodeAt(0);

/** The guide's bare prompt is three dots. */
function isBare(history: ScriptedHistory): boolean {
  return [1, 2, 3].every((place) => history.tokenAt(place) === DOT);
}

/** Slow enough that the guide's second is over first, also when a step brings many guessed tokens. */
export function stepMs(): number {
  return 40;
}
