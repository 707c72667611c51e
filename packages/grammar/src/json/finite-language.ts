import type { RegexNode } from '../regex/regex-node.ts';

/** The strings of a small finite language, or null if it is large, infinite or hard to tell. */
export function listStrings(node: RegexNode, countMax: number): string[] | null {
  switch (node.kind) {
    case 'none':
      return [];
    case 'empty':
      return [''];
    case 'chars':
      return listChars(node.chars, countMax);
    case 'concat':
      return combine(listStrings(node.first, countMax), listStrings(node.rest, countMax), countMax);
    case 'or': {
      const all = new Set<string>();
      for (const part of node.parts) {
        const some = listStrings(part, countMax);
        if (some === null) return null;
        for (const text of some) all.add(text);
        if (all.size > countMax) return null;
      }
      return [...all];
    }
    case 'repeat': {
      if (node.max > 8) return null;
      let all: string[] | null = node.min === 0 ? [''] : [];
      let current: string[] | null = [''];
      const once = listStrings(node.part, countMax);
      for (let count = 1; count <= node.max; count++) {
        current = combine(current, once, countMax);
        if (current === null) return null;
        if (count >= node.min) all = [...new Set([...all, ...current])];
        if (all.length > countMax) return null;
      }
      return all;
    }
    default:
      return null;
  }
}

function listChars(chars: readonly number[], countMax: number): string[] | null {
  const found: string[] = [];
  for (let at = 0; at < chars.length; at += 2) {
    if (found.length + chars[at + 1]! - chars[at]! >= countMax) return null;
    for (let code = chars[at]!; code <= chars[at + 1]!; code++) found.push(String.fromCodePoint(code));
  }
  return found;
}

function combine(left: string[] | null, right: string[] | null, countMax: number): string[] | null {
  if (left === null || right === null || left.length * right.length > countMax) return null;
  return [...new Set(left.flatMap((first) => right.map((rest) => first + rest)))];
}
