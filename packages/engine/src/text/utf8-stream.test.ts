import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createUtf8Stream } from './utf8-stream.ts';

test('any cutting of the bytes gives the same text, whole characters only', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.array(fc.integer({ min: 1, max: 3 })), (text, sizes) => {
      const bytes = new TextEncoder().encode(text);
      const stream = createUtf8Stream();
      let shown = '';
      for (let place = 0, turn = 0; place < bytes.length; turn++) {
        const size = sizes[turn % Math.max(1, sizes.length)] ?? 1;
        const piece = stream.push(bytes.subarray(place, place + size));
        expect(piece.isWellFormed()).toBe(true);
        shown += piece;
        place += size;
      }
      // Lone surrogates have no bytes; the encoder writes U+FFFD for them.
      expect(shown + stream.end()).toBe(text.toWellFormed());
    }),
  );
});

test('a byte order mark is text like any other', () => {
  const stream = createUtf8Stream();
  expect(stream.push(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61))).toBe('\ufeffa');
});

test('a character that never ends becomes a replacement character at the end', () => {
  const stream = createUtf8Stream();
  expect(stream.push(Uint8Array.of(0xe2, 0x82))).toBe('');
  expect(stream.end()).toBe('\ufffd');
});
