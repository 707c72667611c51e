import { SCRIPTED_TOKENS } from '../../packages/engine/src/runners/scripted/scripted-vocabulary.ts';
import type { ScriptedHistory } from '../../packages/engine/src/runners/scripted/scripts.ts';

const FIRST = 'a'.charCodeAt(0);
const LETTERS = 26;
/** It ends after so many letters in a row. */
const WORD = 8;
const encoder = new TextEncoder();
const [asked, opening, closing] = ['THINK', '<think>', '</think>'].map((text) => encoder.encode(text));

/**
 * A model that says letters, `a` the likeliest, `b` a little less, and so on, and ends after eight: what
 * sampling options do shows. When it is told to THINK it first does so without an end.
 */
export function script(history: ScriptedHistory, logits: Float32Array): void {
  logits.fill(-30);
  // Where a grammar holds it, it neither dwells on white space nor thinks unasked, and closes what it can.
  for (const avoided of encoder.encode('\t\n\r <')) logits[avoided] = -60;
  for (const end of encoder.encode('"}]')) logits[end] = -10;
  for (let letter = 0; letter < LETTERS; letter++) logits[FIRST + letter] = 4 - 0.3 * letter;
  if (find(history, asked!) >= 0 && find(history, closing!) < 0) {
    if (find(history, opening!) < 0) logits[opening![countBegun(history)]!] = 20;
    return;
  }
  let inWord = 0;
  while (inWord < WORD && isLetter(history, history.length - 1 - inWord)) inWord++;
  if (inWord < WORD) return;
  logits[SCRIPTED_TOKENS.eos] = 20;
  // Where it may not end yet, it closes the string it is in.
  for (let letter = 0; letter < LETTERS; letter++) logits[FIRST + letter]! -= 16;
}

function isLetter(history: ScriptedHistory, place: number): boolean {
  if (place < 0) return false;
  const token = history.tokenAt(place);
  return token >= FIRST && token < FIRST + LETTERS;
}

function find(history: ScriptedHistory, bytes: Uint8Array): number {
  for (let place = history.length - bytes.length; place >= 0; place--) {
    if (bytes.every((byte, offset) => history.tokenAt(place + offset) === byte)) return place;
  }
  return -1;
}

/** Letters of the opening tag that are written already. */
function countBegun(history: ScriptedHistory): number {
  for (let count = opening!.length - 1; count > 0; count--) {
    const start = history.length - count;
    if (opening!.subarray(0, count).every((byte, offset) => history.tokenAt(start + offset) === byte))
      return count;
  }
  return 0;
}
