import { expect, test } from 'vitest';
import { resolveNormalForm } from './normal-form.ts';

test('Qwen composes, a BERT that strips accents decomposes, others take texts as they are', () => {
  const form = (fields: Record<string, string>) =>
    resolveNormalForm(
      Object.fromEntries(Object.entries(fields).map(([name, value]) => [`tokenizer.ggml.${name}`, value])),
    );
  expect(form({ model: 'gpt2', pre: 'qwen2' })).toBe('NFC');
  expect(form({ model: 'gpt2', pre: 'llama-bpe' })).toBeNull();
  expect(form({ model: 'bert', pre: 'default' })).toBe('NFD');
  expect(form({ model: 'bert', 'normalizer.lowercase': 'false' })).toBeNull();
  expect(
    form({ model: 'bert', 'normalizer.lowercase': 'true', 'normalizer.strip_accents': 'false' }),
  ).toBeNull();
  expect(form({ model: 'llama' })).toBeNull();
});
