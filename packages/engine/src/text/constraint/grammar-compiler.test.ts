import type { GrammarSource } from '@sparkler/grammar';
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
