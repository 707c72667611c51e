import { State } from '../state.ts';
import { charSetHas } from '../text/char-set.ts';
import {
  isNeedlessEscape,
  possibleNeedfulChars,
  possibleStringChars,
  STRING_CLOSED,
  STRING_EMIT,
  STRING_START,
  stepJsonString,
} from '../text/json-string-decoder.ts';
import type { NameNode } from './name-trie.ts';
import { hasSeen, type ObjectFrame, propertySlot, tellsNamesApart } from './object-frame.ts';
import type { PropertyMeaning } from './object-plan.ts';
import { afterKey } from './object-state.ts';
import type { NameReading } from './other-names.ts';
import type { CharReader, StringContent } from './string-content.ts';

/** A property name as far as it is written, in one object: on the tree of known names or off it. */
export interface KeyReader extends CharReader {
  readonly frame: ObjectFrame;
  readonly node: NameNode | null;
  readonly reading: NameReading;
  readonly states: Map<number, State>;
  step(codePoint: number): KeyReader | null;
  stepEscaped(codePoint: number): KeyReader | null;
}

const READINGS_MAX = 0x1_0000;

/** After the quote that opens a name; null when the object may have no more properties. */
export function keyStart(frame: ObjectFrame): State | null {
  const reader = keyReader(frame, frame.plan.trie, frame.plan.reader);
  if (reader === null) return null;
  return tellsNamesApart(frame) ? tracedKeyState(reader, STRING_START, '') : keyState(reader, STRING_START);
}

/** Whether the object may have one more property. */
export function mayHaveKey(frame: ObjectFrame): boolean {
  return keyReader(frame, frame.plan.trie, frame.plan.reader) !== null;
}

/** Null when no name that starts so may be a property now. */
function keyReader(frame: ObjectFrame, node: NameNode | null, reading: NameReading): KeyReader | null {
  const key = (node === null ? 0 : node.id + 1) * READINGS_MAX + reading.id;
  let reader = frame.readers.get(key);
  if (reader === undefined) {
    reader = mayFinish(frame, node, reading) ? makeReader(frame, node, reading) : null;
    frame.readers.set(key, reader);
  }
  return reader;
}

function makeReader(frame: ObjectFrame, node: NameNode | null, reading: NameReading): KeyReader {
  const taken = new Map<number, boolean>();
  const reader: KeyReader = {
    frame,
    node,
    reading,
    states: new Map(),
    get loop() {
      return node === null ? { categories: reading.steadyCategories(), steps: Infinity } : null;
    },
    step(codePoint) {
      if (node === null && reading.settled) return reader;
      return keyReader(frame, node?.children.get(codePoint) ?? null, reading.step(codePoint));
    },
    stepEscaped(codePoint) {
      return mayFinishOther(frame, reading.step(codePoint)) ? reader.step(codePoint) : null;
    },
    mayTake(decoder) {
      let answer = taken.get(decoder);
      if (answer === undefined) {
        answer = mayTake(reader, decoder);
        taken.set(decoder, answer);
      }
      return answer;
    },
  };
  return reader;
}

/** Whether the character begun in this state of the decoder may come next in a name. */
function mayTake({ frame, node, reading }: KeyReader, decoder: number): boolean {
  const possible = possibleStringChars(decoder);
  const needful = possibleNeedfulChars(decoder);
  for (const [code, child] of node?.children ?? []) {
    if (charSetHas(needful, code) && keyReader(frame, child, reading.step(code)) !== null) return true;
  }
  return reading.samplesIn(possible).some((sample) => mayFinishOther(frame, reading.step(sample)));
}

function mayFinish(frame: ObjectFrame, node: NameNode | null, reading: NameReading): boolean {
  const { plan } = frame;
  if (mayFinishOther(frame, reading)) return true;
  if (node === null) return false;
  for (let name = node.first; name < node.end; name++) {
    if (!hasSeen(frame.seen, name) && propertySlot(frame, plan.meaningOfName(name)) !== null) return true;
  }
  return false;
}

/** Whether a name that is not known and starts so may be a property. */
function mayFinishOther(frame: ObjectFrame, reading: NameReading): boolean {
  const signatures = reading.reachable();
  if (signatures === null) return true;
  for (const signature of signatures) {
    if (propertySlot(frame, frame.plan.meaningOfOther(signature)) !== null) return true;
  }
  return false;
}

function keyState(reader: KeyReader, decoder: number): State {
  let state = reader.states.get(decoder);
  if (state === undefined) {
    state = new State({
      canEnd: false,
      derive: (byte) => deriveKey(reader, decoder, byte),
      content: contentOf(reader, decoder),
    });
    reader.states.set(decoder, state);
  }
  return state;
}

/**
 * Off the tree, all names are alike once no pattern can change its mind; on it, they at least may go
 * anywhere.
 */
function contentOf(reader: KeyReader, decoder: number): StringContent {
  const { frame, node, reading } = reader;
  if (!reading.settled || !mayFinishOther(frame, reading)) return { decoder, inside: reader };
  const close = node === null ? () => finishKey(reader) : undefined;
  return { decoder, inside: 'free', close };
}

function deriveKey(reader: KeyReader, decoder: number, byte: number): State | null {
  const result = stepJsonString(decoder, byte);
  if (result === STRING_CLOSED) return finishKey(reader);
  if (result < 0) return null;
  if (result >= STRING_EMIT) {
    const code = result - STRING_EMIT;
    const next = isNeedlessEscape(decoder, code) ? reader.stepEscaped(code) : reader.step(code);
    return next === null ? null : keyState(next, STRING_START);
  }
  return reader.mayTake(result) ? keyState(reader, result) : null;
}

function finishKey({ frame, node, reading }: KeyReader, text: string | null = null): State | null {
  const meaning = meaningAt(frame, node, reading);
  const slot = propertySlot(frame, meaning, meaning.name < 0 ? text : null);
  return slot === null ? null : afterKey(slot);
}

/** The same as keyState for a name that has to be remembered: a state of its own for each text. */
function tracedKeyState(reader: KeyReader, decoder: number, text: string): State {
  return new State({
    canEnd: false,
    derive(byte) {
      const result = stepJsonString(decoder, byte);
      if (result === STRING_CLOSED) return finishKey(reader, text);
      if (result < 0) return null;
      if (result >= STRING_EMIT) {
        const code = result - STRING_EMIT;
        const next = isNeedlessEscape(decoder, code) ? reader.stepEscaped(code) : reader.step(code);
        return next === null ? null : tracedKeyState(next, STRING_START, text + String.fromCodePoint(code));
      }
      return reader.mayTake(result) ? tracedKeyState(reader, result, text) : null;
    },
    content: { decoder, inside: reader },
  });
}

function meaningAt({ plan }: ObjectFrame, node: NameNode | null, reading: NameReading): PropertyMeaning {
  return node !== null && node.name >= 0
    ? plan.meaningOfName(node.name)
    : plan.meaningOfOther(reading.signature);
}
