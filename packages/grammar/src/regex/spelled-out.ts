import type { RegexNode } from './regex-node.ts';

/** A class with more characters than this is a rule rather than a list. */
const CHARS_MAX = 48;

const known = new WeakMap<RegexNode, boolean>();

/** Whether a language was given as a list of texts, as constants and enumerations are. */
export function isSpelledOut(node: RegexNode): boolean {
  let answer = known.get(node);
  if (answer === undefined) {
    answer = decide(node);
    known.set(node, answer);
  }
  return answer;
}

function decide(node: RegexNode): boolean {
  switch (node.kind) {
    case 'empty':
      return true;
    case 'chars':
      return countChars(node.chars) <= CHARS_MAX;
    case 'concat':
      return isSpelledOut(node.first) && isSpelledOut(node.rest);
    case 'or':
      return node.parts.every(isSpelledOut);
    default:
      return false;
  }
}

function countChars(ranges: readonly number[]): number {
  let count = 0;
  for (let at = 0; at < ranges.length; at += 2) count += ranges[at + 1]! - ranges[at]! + 1;
  return count;
}
