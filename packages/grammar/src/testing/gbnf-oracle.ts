/**
 * A second GBNF matcher, to check the first against: it shares no code with it. It reads a grammar into trees
 * and asks for all places where a tree may end; left recursion is settled by repeating until nothing is
 * added. Slow, and simple enough to be believed.
 */
type Tree =
  | { readonly kind: 'chars'; readonly matches: (code: number) => boolean }
  | { readonly kind: 'rule'; readonly name: string }
  | { readonly kind: 'sequence'; readonly parts: readonly Tree[] }
  | { readonly kind: 'choice'; readonly parts: readonly Tree[] }
  | { readonly kind: 'repeat'; readonly part: Tree; readonly least: number; readonly most: number };

/** Whether `root` of a well-formed grammar matches the whole of a text. */
export function createGbnfOracle(grammar: string): (text: string) => boolean {
  const rules = readRules(grammar);
  return (text) =>
    matchesWhole(
      rules,
      [...text].map((char) => char.codePointAt(0)!),
    );
}

function matchesWhole(rules: ReadonlyMap<string, Tree>, codes: readonly number[]): boolean {
  /** Ends found so far, by rule and place. */
  const found = new Map<string, Set<number>>();
  for (;;) {
    let grown = false;
    const seen = new Set<string>();
    const endsOf = (tree: Tree, from: number): Set<number> => {
      switch (tree.kind) {
        case 'chars':
          return new Set(from < codes.length && tree.matches(codes[from]!) ? [from + 1] : []);
        case 'choice':
          return new Set(tree.parts.flatMap((part) => [...endsOf(part, from)]));
        case 'sequence': {
          let places = new Set([from]);
          for (const part of tree.parts) places = follow(part, places);
          return places;
        }
        case 'repeat':
          return endsOfRepeat(tree, from);
        case 'rule':
          return endsOfRule(tree.name, from);
      }
    };
    const follow = (part: Tree, places: ReadonlySet<number>) =>
      new Set([...places].flatMap((place) => [...endsOf(part, place)]));
    const endsOfRepeat = ({ part, least, most }: Tree & { kind: 'repeat' }, from: number) => {
      let places = new Set([from]);
      for (let count = 0; count < least; count++) places = follow(part, places);
      const all = new Set(places);
      for (let count = least; count < most && places.size > 0; count++) {
        places = new Set([...follow(part, places)].filter((place) => !all.has(place)));
        for (const place of places) all.add(place);
      }
      return all;
    };
    const endsOfRule = (name: string, from: number) => {
      const key = `${from} ${name}`;
      const known = found.get(key) ?? new Set<number>();
      found.set(key, known);
      if (seen.has(key)) return known;
      seen.add(key);
      for (const end of endsOf(rules.get(name)!, from)) {
        grown ||= !known.has(end);
        known.add(end);
      }
      return known;
    };
    if (endsOfRule('root', 0).has(codes.length)) return true;
    if (!grown) return false;
  }
}

function readRules(grammar: string): Map<string, Tree> {
  // A rule begins where a name and ::= stand at the beginning of a line.
  const text = dropComments(grammar);
  const heads = [...text.matchAll(/^\s*([a-zA-Z][\w-]*)\s*::=/gm)];
  return new Map(
    heads.map((head, index) => {
      const body = text.slice(head.index + head[0].length, heads[index + 1]?.index);
      return [head[1]!, readChoice(body.match(TOKEN) ?? [])];
    }),
  );
}

const LITERAL = String.raw`"(?:\\.|[^"\\])*"`;
const SET = String.raw`\[(?:\\.|[^\]\\])*\]`;
const TOKEN = new RegExp(String.raw`${LITERAL}|${SET}|[a-zA-Z][\w-]*|\{[^}]*\}|[()|*+?.]`, 'gsu');

function dropComments(text: string): string {
  return text.replace(new RegExp(`(${LITERAL}|${SET})|#[^\\n]*`, 'gsu'), (_, kept?: string) => kept ?? '');
}

/** Reads alternatives up to a closing bracket or the end, and takes them off `tokens`. */
function readChoice(tokens: string[]): Tree {
  const parts: Tree[][] = [[]];
  for (let token = tokens.shift(); token !== undefined && token !== ')'; token = tokens.shift()) {
    const sequence = parts.at(-1)!;
    const repeated = readCounts(token);
    if (token === '|') parts.push([]);
    else if (repeated !== null) sequence.push({ kind: 'repeat', part: sequence.pop()!, ...repeated });
    else sequence.push(token === '(' ? readChoice(tokens) : readAtom(token));
  }
  return { kind: 'choice', parts: parts.map((sequence) => ({ kind: 'sequence', parts: sequence })) };
}

function readCounts(token: string): { least: number; most: number } | null {
  if (token === '*') return { least: 0, most: Infinity };
  if (token === '+') return { least: 1, most: Infinity };
  if (token === '?') return { least: 0, most: 1 };
  if (!token.startsWith('{')) return null;
  const [least = '', most] = token.slice(1, -1).replaceAll(' ', '').split(',');
  return {
    least: Number(least),
    most: most === undefined ? Number(least) : most === '' ? Infinity : Number(most),
  };
}

function readAtom(token: string): Tree {
  if (token === '.') return { kind: 'chars', matches: () => true };
  if (token.startsWith('"')) {
    const parts = readCodes(token.slice(1, -1)).map(
      ({ code }): Tree => ({ kind: 'chars', matches: (found) => found === code }),
    );
    return { kind: 'sequence', parts };
  }
  if (token.startsWith('[')) return readSet(token.slice(1, -1));
  return { kind: 'rule', name: token };
}

function readSet(inside: string): Tree {
  const isNegated = inside.startsWith('^');
  const codes = readCodes(isNegated ? inside.slice(1) : inside);
  const ranges: [number, number][] = [];
  for (let at = 0; at < codes.length; at++) {
    const isRange = at + 2 < codes.length && codes[at + 1]!.code === 0x2d && !codes[at + 1]!.isEscaped;
    ranges.push([codes[at]!.code, codes[isRange ? at + 2 : at]!.code]);
    if (isRange) at += 2;
  }
  const isIn = (code: number) => ranges.some(([low, high]) => code >= low && code <= high);
  return { kind: 'chars', matches: (code) => isIn(code) !== isNegated };
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

function readCodes(text: string): { code: number; isEscaped: boolean }[] {
  const units = text.matchAll(/\\x(..)|\\u(....)|\\U(.{8})|\\(.)|(.)/gsu);
  return [...units].map(([, byte, short, long, letter, plain]) => {
    const digits = byte ?? short ?? long;
    if (digits !== undefined) return { code: Number.parseInt(digits, 16), isEscaped: true };
    const char = plain ?? ESCAPES[letter!] ?? letter!;
    return { code: char.codePointAt(0)!, isEscaped: plain === undefined };
  });
}
