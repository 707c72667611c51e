import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { compileGrammar } from '../compile-grammar.ts';
import { acceptsText } from '../testing/accepts-text.ts';
import { vocabularyOf } from '../testing/byte-vocabulary.ts';
import { createGbnfOracle } from '../testing/gbnf-oracle.ts';

/** llama.cpp's own samples; the guide's grammars of CJK and C are among them. */
const folder = new URL('../../fixtures/gbnf/', import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith('.gbnf'));

interface Samples {
  readonly yes: readonly string[];
  readonly no: readonly string[];
}

const GAME = '1. e4 e5\n2. Nf3 Nc6\n3. Bb5 a6\n4. O-O Nxe4+\n10. exd8=Q# O-O-O\n';

const SAMPLES: Readonly<Record<string, Samples>> = {
  'arithmetic.gbnf': {
    yes: ['a+1=2\n', 'x *(y_1 -3 )/4 = 10\n', '1=1\n2=2\n'],
    no: ['a+1=2', '=2\n', 'A=1\n', '(1=1\n', '1=1+1\n', ''],
  },
  'c.gbnf': {
    yes: [
      '',
      'char\nc(int a){return 2*a;}',
      'int main(){int x = 1;while(x<10){x = x+1;}}',
      'int f(){for(int i = 0; i<n; i = i+1){g (i);}if(a==-b){}else{}}',
      'float f(){/* a * b *///c\n}',
    ],
    no: [
      'int main',
      'int main(){x=1;}',
      'long f(){}',
      'int f(){return 1}',
      'int f(){/* a }',
      'int f(int a,int b){}',
    ],
  },
  'chess.gbnf': {
    yes: [GAME],
    no: [GAME.trimEnd(), '1. e4 e5\n', GAME.replace('e4', 'e9'), `2${GAME.slice(1)}`],
  },
  'english.gbnf': {
    yes: ['a', 'Hello, world!', 'It\'s "50%" [of] {it} ~ a\\b^c\n- d'],
    no: ['', ' a', 'a  b', 'é', 'a ', '“a”'],
  },
  'japanese.gbnf': {
    yes: ['こんにちは', '京都へ ようこそ。', '漢字\nカタカナ'],
    no: ['', 'a', '京都 to', ' 京都', '한국'],
  },
  'json.gbnf': {
    yes: ['{}', '{"a":1}', '{"a": [true, null, -1.5e+3, "é\\u00e9\\n"], "b": {}}\n'],
    no: ['', '[]', '{"a":01}', '{"a":1,}', '{a:1}', '{"a":"\n"}', '{"a":1'],
  },
  'json_arr.gbnf': {
    yes: ['[\n]', '[\n1]', '[\n{"a": 1},\n[2, 3],\n"x"]'],
    no: ['[]', '[1]', '[\n1, 2]', '[\n1]\n', '{}'],
  },
  'list.gbnf': {
    yes: ['- a\n', '- milk\n- 卵 😀\n'],
    no: ['', '- \n', 'a\n', '- a', '- a\u2028b\n', '- a\u0085\n', '- a\n\n'],
  },
  // Grammars that only the guide prints.
  diagnosis: {
    yes: ['arthritis', 'urinary tract infection', 'cervical spondylosis'],
    no: ['', 'flu', 'arthritis ', 'dengueimpetigo'],
  },
  'chess in parentheses': { yes: [GAME], no: ['1. e4 e5\n', GAME.replace('O-O', 'O-0')] },
  'single line': { yes: ['a é\n', '"\n'], no: ['\n', 'a', 'a\nb\n'] },
  'any three': { yes: ['abc', '京都😀', '\n\n\n'], no: ['ab', 'abcd', ''] },
  list: { yes: ['- a\n', '- a\n- b c\n'], no: ['- a', 'a\n', ''] },
};

const chess = readFileSync(new URL('chess.gbnf', folder), 'utf8');

const GUIDE: Readonly<Record<string, string>> = {
  diagnosis: `
root ::= diagnosis
diagnosis ::= "arthritis" | "dengue" | "urinary tract infection" | "impetigo" | "cervical spondylosis"
`,
  'chess in parentheses': `
# \`root\` specifies the pattern for the overall output
root ::= (
# it must start with the characters "1. " followed by a sequence
# of characters that match the \`move\` rule, followed by a space, followed
# by another move, and then a newline
"1. " move " " move "\\n"
# it's followed by one or more subsequent moves, numbered with one or two digits
([1-9] [0-9]? ". " move " " move "\\n")+
)
${chess.slice(chess.indexOf('\nmove') + 1)}`,
  'single line': 'root ::= single-line\nsingle-line ::= [^\\n]+ "\\n"',
  'any three': 'root ::= ...',
  list: '# a grammar for lists\nroot ::= ("- " item)+\nitem ::= [^\\n]+ "\\n"',
};

const grammars = new Map([
  ...files.map((name): [string, string] => [name, readFileSync(new URL(name, folder), 'utf8')]),
  ...Object.entries(GUIDE),
]);

test('every sample grammar has texts here', () => {
  expect([...grammars.keys()].sort()).toEqual(Object.keys(SAMPLES).sort());
});

describe.each(Object.entries(SAMPLES))('%s', (name, { yes, no }) => {
  const grammar = grammars.get(name)!;
  const compiled = compileGrammar({ kind: 'gbnf', text: grammar }, vocabularyOf());
  const oracle = createGbnfOracle(grammar);

  test.each(yes)('accepts %j', (text) => {
    expect([acceptsText(compiled, text), oracle(text)]).toEqual([true, true]);
  });
  test.each(no)('refuses %j', (text) => {
    expect([acceptsText(compiled, text), oracle(text)]).toEqual([false, false]);
  });
});
