import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileGrammar } from '../compile-grammar.ts';
import { GrammarError } from '../grammar-error.ts';
import { acceptsText } from '../testing/accepts-text.ts';
import { vocabularyOf } from '../testing/byte-vocabulary.ts';

const vocabulary = vocabularyOf();

function compile(text: string) {
  return compileGrammar({ kind: 'gbnf', text }, vocabulary);
}

/** The problem a grammar is refused for; fails if it is taken. */
function problemOf(text: string) {
  try {
    compile(text);
  } catch (error) {
    if (error instanceof GrammarError) return error.problem;
    throw error;
  }
  throw new Error(`taken, but should be refused: ${text}`);
}

interface Language {
  readonly title: string;
  readonly grammar: string;
  readonly yes: readonly string[];
  readonly no: readonly string[];
}

const LANGUAGES: readonly Language[] = [
  { title: 'a literal', grammar: 'root ::= "ab"', yes: ['ab'], no: ['', 'a', 'abc', 'AB'] },
  { title: 'the empty literal', grammar: 'root ::= ""', yes: [''], no: ['a'] },
  {
    title: 'escapes in a literal',
    grammar: String.raw`root ::= "\"\\\t\r\n\x41"`,
    yes: ['"\\\t\r\nA'],
    no: [String.raw`"\t`],
  },
  {
    title: 'Unicode escapes and characters of one to four bytes',
    grammar: String.raw`root ::= "\u00e9é\u20AC€\U0001F600😀"`,
    yes: ['éé€€😀😀'],
    no: ['éé€€😀', 'e'],
  },
  { title: 'a set', grammar: 'root ::= [abc]', yes: ['a', 'b', 'c'], no: ['d', '', 'ab'] },
  {
    title: 'ranges, one of them beyond ASCII',
    grammar: 'root ::= [a-cx0-9α-ω]',
    yes: ['a', 'b', 'c', 'x', '0', '9', 'α', 'λ', 'ω'],
    no: ['d', '-', 'Α', 'ϊ'],
  },
  { title: 'a hyphen at the end of a set', grammar: 'root ::= [a-c-]', yes: ['-', 'b'], no: ['d'] },
  {
    title: 'escapes in a set',
    grammar: String.raw`root ::= [\]\[\-\^\\\n]`,
    yes: [']', '[', '-', '^', '\\', '\n'],
    no: ['a'],
  },
  {
    title: 'a negated set, which takes whole characters',
    grammar: String.raw`root ::= [^"\n]`,
    yes: ['a', 'é', '😀', ' '],
    no: ['"', '\n', '', 'ab'],
  },
  { title: 'any character', grammar: 'root ::= .', yes: ['a', '\n', '😀'], no: ['', 'ab'] },
  { title: 'alternatives', grammar: 'root ::= "a" | "bc" | ""', yes: ['a', 'bc', ''], no: ['b', 'abc'] },
  { title: 'a group', grammar: 'root ::= "a" ("b" | "c") "d"', yes: ['abd', 'acd'], no: ['ad', 'abcd'] },
  { title: 'none or more', grammar: 'root ::= "ab"*', yes: ['', 'ab', 'abab'], no: ['a', 'aba', 'abb'] },
  { title: 'one or more', grammar: 'root ::= [a-b]+', yes: ['a', 'abba'], no: ['', 'c'] },
  { title: 'none or one', grammar: 'root ::= ("a" "b")? "c"', yes: ['c', 'abc'], no: ['ac', 'ababc'] },
  { title: 'an exact count', grammar: 'root ::= "a"{3}', yes: ['aaa'], no: ['aa', 'aaaa'] },
  { title: 'a least count', grammar: 'root ::= "a"{2,}', yes: ['aa', 'aaaaa'], no: ['a', ''] },
  { title: 'a most count', grammar: 'root ::= "a"{,2}', yes: ['', 'a', 'aa'], no: ['aaa'] },
  {
    title: 'least and most, with blanks',
    grammar: 'root ::= ("a" | "b"){ 1 , 3 }',
    yes: ['a', 'bab'],
    no: ['', 'abab'],
  },
  { title: 'repetitions of a repetition', grammar: 'root ::= ("a"{2})*', yes: ['', 'aaaa'], no: ['aaa'] },
  {
    title: 'references to rules defined later, and recursion in the middle',
    grammar: 'root ::= pair\npair ::= "(" pair? ")"',
    yes: ['()', '((()))'],
    no: ['', '(()', '())'],
  },
  {
    title: 'recursion at the end',
    grammar: 'root ::= "a" root | "b"',
    yes: ['b', 'aaab'],
    no: ['a', 'ba'],
  },
  {
    title: 'left recursion',
    grammar: 'root ::= root "+" [0-9] | [0-9]',
    yes: ['1', '1+2+3'],
    no: ['', '+1', '1+', '12'],
  },
  {
    title: 'left recursion by way of another rule and an empty one',
    grammar: 'root ::= none other "x" | "y"\nother ::= root\nnone ::= ""',
    yes: ['y', 'yx', 'yxx'],
    no: ['x', 'xy'],
  },
  {
    title: 'an ambiguous grammar',
    grammar: 'root ::= "a" | root root',
    yes: ['a', 'aa', 'aaaaaaa'],
    no: ['', 'ab'],
  },
  {
    title: 'repetitions of what may be empty',
    grammar: 'root ::= ("a"?)* "b"',
    yes: ['b', 'aab'],
    no: ['a'],
  },
  {
    title: 'comments, blank lines, Windows line ends and alternatives on lines of their own',
    grammar: '# a list\r\n\r\nroot ::= # the start\r\n  "a" # first\r\n  | "b"\r\n\r\n# the end',
    yes: ['a', 'b'],
    no: ['ab', ''],
  },
  {
    title: 'a group over several lines',
    grammar: 'root ::= (\n  "a"\n  | "b" # or\n)',
    yes: ['a', 'b'],
    no: ['ab'],
  },
  { title: 'a hash inside of a literal', grammar: 'root ::= "#" [#]', yes: ['##'], no: ['#'] },
];

describe('a GBNF grammar with', () => {
  test.each(LANGUAGES)('$title', ({ grammar, yes, no }) => {
    const compiled = compile(grammar);
    expect(yes.filter((text) => !acceptsText(compiled, text))).toEqual([]);
    expect(no.filter((text) => acceptsText(compiled, text))).toEqual([]);
  });
});

describe('a wrong GBNF grammar is refused at its place', () => {
  test.each<[string, string, RegExp, number, number]>([
    ['an undefined rule', 'root ::= "a"\n  | item other', /rule "item" is used but not defined/, 2, 5],
    ['no root', 'start ::= "a"', /no rule "root"/, 1, 14],
    ['an empty text', '', /no rule "root"/, 1, 1],
    ['a rule defined twice', 'root ::= a\na ::= "x"\na ::= "y"', /"a" is defined twice/, 3, 1],
    ['no ::=', 'root = "a"', /expected ::= after "root"/, 1, 6],
    ['an open literal', 'root ::= "a', /the literal is not closed/, 1, 10],
    ['an open set', 'root ::= "x" |\n  [a-z', /the set is not closed/, 2, 3],
    ['an open group', 'root ::= ("a" | (', /the group is not closed/, 1, 17],
    ['a stray bracket', 'root ::= "a" )', /unexpected "\)"/, 1, 14],
    ['a range backwards', 'root ::= [z-a]', /the range ends before it starts/, 1, 14],
    ['an unknown escape', 'root ::= "\\q"', /unknown escape \\q/, 1, 11],
    ['too few hexadecimal digits', 'root ::= "\\u12"', /expected 4 hexadecimal digits/, 1, 13],
    ['half a surrogate pair', 'root ::= "\\ud800"', /not a Unicode character/, 1, 13],
    ['counts the wrong way round', 'root ::= "a"{3,2}', /fewer than the least/, 1, 13],
    ['an open count', 'root ::= "a"{3', /expected }/, 1, 15],
    ['a count too large', 'root ::= "a"{1000000}', /more than 100000 repetitions/, 1, 14],
    ['a character beyond the BMP before it', 'root ::= "😀" %', /unexpected "%"/, 1, 14],
  ])('%s', (_, text, message, line, column) => {
    const problem = problemOf(text);
    expect(problem.message).toMatch(message);
    expect(problem).toMatchObject({ line, column });
  });
});

test('groups nested beyond the limit are refused, not a stack overflow', () => {
  const text = `root ::= ${'('.repeat(50_000)}"a"${')'.repeat(50_000)}`;
  expect(problemOf(text).message).toMatch(/nested deeper/);
});

/** Compiles, and takes a few bytes if that succeeds; anything thrown must be a GrammarError. */
function tryGrammar(text: string): void {
  try {
    const matcher = compile(text).createMatcher();
    const mask = new Uint32Array(Math.ceil(vocabulary.size / 32));
    matcher.fillMask(mask);
    for (const byte of [0x61, 0x62, 0x28]) matcher.accept(byte + 1);
  } catch (error) {
    if (!(error instanceof GrammarError)) throw error;
  }
}

/** Code points of all kinds, halves of surrogate pairs among them. */
const someText = fc
  .array(fc.oneof(fc.nat(0x7f), fc.nat(0x10ffff)), { maxLength: 60 })
  .map((codes) => String.fromCodePoint(...codes));

test('arbitrary text never causes anything but a GrammarError', () => {
  fc.assert(
    fc.property(someText, (text) => {
      tryGrammar(text);
      tryGrammar(`root ::= ${text}`);
    }),
    { numRuns: 400 },
  );
});

test('arbitrary sequences of GBNF symbols never cause anything but a GrammarError', () => {
  const piece = fc.constantFrom(
    ...['root', 'a', ' ::= ', '"', '"ab"', '[', ']', '[^a-c]', '(', ')', '|', '*', '+', '?', '{2,}', '{,3}'],
    ...['{', '}', '\n', '#', '.', '\\', '\\u', '-', '^', ' ', '\nroot ::= ', '\na ::= ', '\r', '!', '<'],
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 25 }), (pieces) => {
      tryGrammar(`root ::= ${pieces.join('')}`);
      tryGrammar(`root ::= a "x"\na ::= ${pieces.join('')}`);
    }),
    { numRuns: 400 },
  );
});
