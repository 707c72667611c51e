import type { CompiledGrammar, GrammarSource } from '@sparkler/grammar';
import { expect, test } from 'vitest';
import { openScriptedModel } from '../../runners/scripted/open-scripted-model.ts';
import { createGrammarCompiler } from './grammar-compiler.ts';

const { tokenizer } = openScriptedModel();
const pattern = (text: string): GrammarSource => ({ kind: 'regex', pattern: text });

test('a grammar is compiled once for an owner, and never shared between two', () => {
  const { compile } = createGrammarCompiler(tokenizer);
  const first = compile(pattern('a+'), 'alice');
  expect(compile(pattern('a+'), 'alice')).toBe(first);
  expect(compile(pattern('a+'), 'bob')).not.toBe(first);
  expect(compile(pattern('b+'), 'alice')).not.toBe(first);
});

test('the grammars kept are the latest used', () => {
  const { compile } = createGrammarCompiler(tokenizer);
  const kept = compile(pattern('a'), '');
  const dropped = compile(pattern('b'), '');
  for (let place = 0; place < 255; place++) {
    compile(pattern(`c{${place + 1}}`), '');
    compile(pattern('a'), '');
  }
  expect(compile(pattern('a'), '')).toBe(kept);
  expect(compile(pattern('b'), '')).not.toBe(dropped);
});

/** Writes nested arrays: each depth is a situation of its own. */
function writeDeep(grammar: CompiledGrammar, depth: number): void {
  const matcher = grammar.createMatcher();
  for (const byte of new TextEncoder().encode(`{"a":${'['.repeat(depth)}`))
    expect(matcher.accept(byte)).toBe(true);
}

test('a grammar that has grown is compiled anew for the next request, those in use go on', () => {
  const bounds = { grammarsMax: 10, grammarStatesMax: 100, statesMax: 10_000 };
  const { compile } = createGrammarCompiler(tokenizer, bounds);
  const source: GrammarSource = { kind: 'json-object' };
  const first = compile(source, '');
  expect(compile(source, '')).toBe(first);
  writeDeep(first, 120);
  expect(first.stateCount).toBeGreaterThan(100);
  const second = compile(source, '');
  expect(second).not.toBe(first);
  expect(second.stateCount).toBeLessThan(100);
  writeDeep(first, 5);
});

test('all grammars together remember no more than they may, the latest used longest', () => {
  const bounds = { grammarsMax: 10, grammarStatesMax: 5000, statesMax: 700 };
  const { compile } = createGrammarCompiler(tokenizer, bounds);
  const source: GrammarSource = { kind: 'json-object' };
  const [alice, bob] = [compile(source, 'alice'), compile(source, 'bob')];
  writeDeep(alice, 120);
  writeDeep(bob, 120);
  expect(alice.stateCount + bob.stateCount).toBeLessThan(700);
  expect(compile(source, 'alice')).toBe(alice);
  writeDeep(alice, 600);
  compile(source, 'carol');
  expect(compile(source, 'bob')).not.toBe(bob);
});

/** Also has tokens that end a string and begin the next, as real vocabularies do. */
function openLargerVocabulary() {
  const letters = [...'abcdefghijklmnopqrstuvwxyz'];
  const endings = letters.flatMap((first) => ['a', 'b'].map((second) => Buffer.from(`${first}${second}","`)));
  const { vocabularySize } = tokenizer;
  return {
    ...tokenizer,
    vocabularySize: vocabularySize + endings.length,
    tokenBytes: (token: number) => endings[token - vocabularySize] ?? tokenizer.tokenBytes(token),
  };
}

test('a schema whose rules depend on texts can be asked for as often as one likes', () => {
  const larger = openLargerVocabulary();
  const { compile } = createGrammarCompiler(larger);
  const items = { type: 'string', minLength: 2 };
  const schema = { type: 'object', properties: { ids: { type: 'array', uniqueItems: true, items } } };
  const mask = new Uint32Array(Math.ceil(larger.vocabularySize / 32));
  for (let answer = 0; answer < 30; answer++) {
    const matcher = compile({ kind: 'json-schema', schema }, '').createMatcher();
    const text = JSON.stringify({ ids: [`ab${answer}`, `cd${answer}`, `longer ${answer}`] });
    for (const byte of new TextEncoder().encode(text)) {
      matcher.fillMask(mask);
      expect(matcher.accept(byte), text).toBe(true);
    }
  }
});
