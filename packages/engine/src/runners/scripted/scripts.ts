import { SCRIPTED_TOKENS } from './scripted-vocabulary.ts';

/** What the model "has read" at one row: exactly the cells of the sequence, nothing the caller claims. */
export interface ScriptedHistory {
  /** Positions 0 … length-1, the row's own token last. */
  readonly length: number;
  /** Hash of all tokens of the history and of the adapter each was computed under. */
  readonly hash: number;
  tokenAt(position: number): number;
}

/** Fills the logits of one row. Must be a function of its arguments only. */
export type Script = (history: ScriptedHistory, logits: Float32Array) => void;

/** Mixes a word into a 32-bit hash. */
export function mixHash(hash: number, word: number): number {
  let h = Math.imul(hash ^ word, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 15), 0x85ebca77);
  return h ^ (h >>> 13);
}

/** Adds noise in ±amplitude to every logit: the same for the same hash. */
function addNoise(logits: Float32Array, hash: number, amplitude: number): void {
  let state = hash | 1;
  const scale = amplitude / 0x8000_0000;
  for (let token = 0; token < logits.length; token++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    logits[token]! += state * scale;
  }
}

/** Printable ASCII and end tokens are likely, everything else is not. */
function fillTextBias(logits: Float32Array, endBias: number): void {
  logits.fill(-12);
  logits.fill(0, 32, 127);
  logits[10] = 0;
  logits[SCRIPTED_TOKENS.eos] = endBias;
}

/**
 * Text that depends on every token before it, so that one wrong cell anywhere changes the output.
 * `endBias`: added to the end token's logit; 0 makes it as likely as a letter.
 */
export function createHashScript(options: { endBias?: number } = {}): Script {
  const { endBias = 0 } = options;
  return (history, logits) => {
    fillTextBias(logits, endBias);
    addNoise(logits, history.hash, 4);
  };
}

/**
 * Text that mostly depends on the last `contextTokens` tokens and so repeats itself, as speculation needs it;
 * the whole history still shifts it (`historyWeight` 0 … 1).
 */
export function createRepeatingScript(
  options: { contextTokens?: number; historyWeight?: number; endBias?: number } = {},
): Script {
  const { contextTokens = 2, historyWeight = 0.05, endBias = -3 } = options;
  return (history, logits) => {
    fillTextBias(logits, endBias);
    let hash = 7;
    for (let back = 1; back <= contextTokens && back <= history.length; back++) {
      hash = mixHash(hash, history.tokenAt(history.length - back));
    }
    addNoise(logits, hash, 4 * (1 - historyWeight));
    if (historyWeight > 0) addNoise(logits, history.hash, 4 * historyWeight);
  };
}

/**
 * Streams `text` over and over at no cost and never ends by itself: for measuring what lies around the model.
 */
export function createStreamScript(text = 'All work and no play makes Jack a dull boy. '): Script {
  const bytes = new TextEncoder().encode(text);
  return (history, logits) => {
    logits.fill(-20);
    logits[bytes[history.length % bytes.length]!] = 0;
  };
}

/**
 * Goes on as the history went on the last time its last `contextTokens` tokens occurred: a model that copies.
 */
export function createCopyScript(options: { contextTokens?: number; endBias?: number } = {}): Script {
  const { contextTokens = 3, endBias = -3 } = options;
  return (history, logits) => {
    fillTextBias(logits, endBias);
    addNoise(logits, history.hash, 1);
    const next = findContinuation(history, contextTokens);
    if (next !== null) logits[next] = 6;
  };
}

function findContinuation(history: ScriptedHistory, contextTokens: number): number | null {
  const { length } = history;
  for (let end = length - 1; end >= contextTokens; end--) {
    let same = 0;
    while (same < contextTokens && history.tokenAt(end - 1 - same) === history.tokenAt(length - 1 - same))
      same++;
    if (same === contextTokens) return history.tokenAt(end);
  }
  return null;
}
