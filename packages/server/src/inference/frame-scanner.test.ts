import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dataOf, FrameScanner } from './frame-scanner.ts';

const unchanged = (frame: Buffer) => frame;

/** Pushes text in pieces cut at these places; what came out, joined. */
function pushInPieces(scanner: FrameScanner, text: string, cuts: readonly number[]): string {
  const bytes = Buffer.from(text);
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  let start = 0;
  const out: Buffer[] = [];
  for (const place of [...places, bytes.length]) {
    const frames = scanner.push(bytes.subarray(start, place));
    if (frames !== null) out.push(frames);
    start = place;
  }
  return Buffer.concat(out).toString();
}

const frames = fc
  .array(
    fc.oneof(
      fc.string().map((text) => `data: ${JSON.stringify({ content: text })}\n\n`),
      fc.constant('data: {"content":"ünï – 漢字"}\r\n\r\n'),
      fc.constant(': keep-alive\n\n'),
      fc.constant('data: {"x":1,"usage":{"prompt_tokens":3}}\n\n'),
    ),
    { maxLength: 8 },
  )
  .map((list) => list.join(''));

test('however a stream is cut into packets, its bytes come out whole and in order', () => {
  fc.assert(
    fc.property(frames, fc.array(fc.nat(2000)), (text, cuts) => {
      expect(pushInPieces(new FrameScanner('"usage"', unchanged), text, cuts)).toBe(text);
    }),
  );
});

test('each marked frame is rewritten exactly once, however it is cut', () => {
  fc.assert(
    fc.property(frames, fc.array(fc.nat(2000)), (text, cuts) => {
      let seen = 0;
      const scanner = new FrameScanner('"usage"', (frame) => {
        seen++;
        JSON.parse(dataOf(frame));
        return frame;
      });
      pushInPieces(scanner, text, cuts);
      expect(seen).toBe(text.split('"usage"').length - 1);
    }),
  );
});

test('only whole frames come out', () => {
  fc.assert(
    fc.property(frames, fc.array(fc.nat(2000)), (text, cuts) => {
      const scanner = new FrameScanner('"usage"', unchanged);
      const bytes = Buffer.from(text);
      let start = 0;
      for (const cut of [...new Set(cuts.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b)) {
        const out = scanner.push(bytes.subarray(start, cut));
        if (out !== null) expect(out.toString()).toMatch(/\n\r?\n$/);
        start = cut;
      }
    }),
  );
});

test('the ending tells whether [DONE] came last', () => {
  const scanner = new FrameScanner('"usage"', unchanged);
  scanner.push(Buffer.from('data: {"a":1}\n\n: comment\n\n'));
  expect(scanner.ending()).toEqual({ done: false, lastData: '{"a":1}' });
  scanner.push(Buffer.from('data: [DONE]\n\n'));
  expect(scanner.ending().done).toBe(true);
  expect(scanner.dataFrames).toBe(2);
});
