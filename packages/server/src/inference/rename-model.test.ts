import fc from 'fast-check';
import { expect, test } from 'vitest';
import { renameModel } from './rename-model.ts';

test('the name is replaced, and every other field stays as it was', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.string(), (theirs, ours, text) => {
      const answer = { id: 'c', choices: [{ text: `${text} "model":"no"` }], model: theirs, n: 1 };
      const renamed = renameModel(Buffer.from(JSON.stringify(answer)), ours);
      expect(JSON.parse(renamed.toString())).toEqual({ ...answer, model: ours });
    }),
  );
});

test('the way Python writes JSON is understood; what names no model stays', () => {
  const rename = (json: string) => renameModel(Buffer.from(json), 'm').toString();
  expect(rename('{"model": "/models/x.gguf", "a": 1}')).toBe('{"model": "m", "a": 1}');
  expect(rename('{"model":null}')).toBe('{"model":null}');
  expect(rename('{"a":1}')).toBe('{"a":1}');
});
