import type { RegexEngine } from '../regex/lazy-dfa.ts';
import type { RegexNode } from '../regex/regex-node.ts';

/** Tells whether a property name is in a language, and remembers. */
export function createNameMatcher(engine: RegexEngine): (names: RegexNode, name: string) => boolean {
  const answers = new Map<RegexNode, Map<string, boolean>>();
  return (names, name) => {
    let byName = answers.get(names);
    if (byName === undefined) {
      byName = new Map();
      answers.set(names, byName);
    }
    let answer = byName.get(name);
    if (answer === undefined) {
      let state = engine.dfaOf(names).start;
      for (const char of name) {
        if (state === null) break;
        state = state.step(char.codePointAt(0)!);
      }
      answer = state?.accepts ?? false;
      byName.set(name, answer);
    }
    return answer;
  };
}
