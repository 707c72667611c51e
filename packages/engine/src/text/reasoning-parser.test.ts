import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { joinPieces, type OutputPiece, plainParser } from './output-piece.ts';
import { ReasoningParser, thinkTags } from './reasoning-parser.ts';

interface Form {
  readonly opened: boolean;
  readonly separate: boolean;
}

function parse(text: string, form: Form, sizes: readonly number[] = [text.length || 1]): OutputPiece[] {
  const parser = new ReasoningParser({ tags: thinkTags, inner: plainParser, ...form });
  const pieces: OutputPiece[] = [];
  for (let place = 0, turn = 0; place < text.length; turn++) {
    const size = sizes[turn % sizes.length]!;
    pieces.push(...parser.push(text.slice(place, place + size)));
    place += size;
  }
  pieces.push(...parser.end());
  return joinPieces(pieces);
}

const writing = fc
  .array(fc.constantFrom('<think>', '</think>', '<th', 'ink>', ' ', '\n', 'a', 'b c', '</'), {
    maxLength: 12,
  })
  .map((parts) => parts.join(''));
const sizes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1 });
const forms = fc.record({ opened: fc.boolean(), separate: fc.boolean() });

test('any cutting gives the same pieces', () => {
  fc.assert(
    fc.property(writing, forms, sizes, (text, form, cuts) => {
      expect(parse(text, form, cuts)).toEqual(parse(text, form));
    }),
  );
});

test('kept inline, not a character is lost', () => {
  fc.assert(
    fc.property(writing, fc.boolean(), (text, opened) => {
      const pieces = parse(text, { opened, separate: false });
      expect(pieces.map((piece) => (piece.type === 'content' ? piece.text : '?')).join('')).toBe(text);
    }),
  );
});

describe('split off', () => {
  test('the tags and the blanks around them are gone', () => {
    expect(parse('<think>\nhm\n</think>\n\nyes', { opened: false, separate: true })).toEqual([
      { type: 'reasoning', text: 'hm' },
      { type: 'content', text: 'yes' },
    ]);
  });

  test('a prompt that opened the tag makes the text begin with reasoning', () => {
    expect(parse('hm</think>yes', { opened: true, separate: true })).toEqual([
      { type: 'reasoning', text: 'hm' },
      { type: 'content', text: 'yes' },
    ]);
  });

  test('a tag in the middle of an answer is text', () => {
    expect(parse('use <think> tags', { opened: false, separate: true })).toEqual([
      { type: 'content', text: 'use <think> tags' },
    ]);
  });

  test('an empty block leaves nothing behind', () => {
    expect(parse('<think>\n\n</think>\n\nyes', { opened: false, separate: true })).toEqual([
      { type: 'content', text: 'yes' },
    ]);
  });
});
