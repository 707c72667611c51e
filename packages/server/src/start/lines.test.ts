import { expect, test } from 'vitest';
import { describeFetch } from './describe-fetch.ts';
import { createStepLines } from './step-lines.ts';
import { describeAccess } from './welcome.ts';

const fetching = { stage: 'downloading', source: 'somewhere' } as const;

test('a download says how much, how fast and how long still', () => {
  const known = { ...fetching, bytesDone: 30e6, bytesTotal: 90e6, bytesPerSecond: 10e6 };
  expect(describeFetch(known)).toBe(
    'downloading [########................] 30.0 MB of 90.0 MB, 10.0 MB/s, 6.0 s left, somewhere',
  );
  const unknown = { ...fetching, bytesDone: 1234, bytesTotal: null, bytesPerSecond: null };
  expect(describeFetch(unknown)).toBe('downloading 1 kB, somewhere');
  const slow = { ...known, bytesPerSecond: 100_000 };
  expect(describeFetch(slow)).toContain('100 kB/s, 10 min 0 s left');
  expect(describeFetch({ ...unknown, stage: 'waiting' })).toBe('waiting for somewhere');
});

function record(isTTY: boolean) {
  let text = '';
  let nowMs = 0;
  const lines = createStepLines(
    {
      isTTY,
      columns: 30,
      write: (piece) => {
        text += piece;
      },
    },
    () => nowMs,
  );
  return { lines, read: () => text, wait: (ms: number) => (nowMs += ms) };
}

test('in a pipe each step is one line, and a long one says now and then how far it is', () => {
  const { lines, read, wait } = record(false);
  lines.begin('one');
  lines.update('1 %');
  wait(6_000);
  lines.update('50 %');
  lines.update('51 %');
  lines.begin('two');
  lines.note('look');
  lines.fail();
  lines.end();
  expect(read()).toBe('  … one: 50 %\n  ✓ one (6.0 s)\n  look\n  ✗ two (0.0 s)\n');
});

test('on a terminal the line is redrawn within its width', () => {
  const { lines, read } = record(true);
  lines.begin('one');
  lines.update('x'.repeat(100));
  lines.end();
  const drawn = read().split('\r\u001b[2K').filter(Boolean);
  expect(drawn.every((line) => line.trimEnd().length < 30)).toBe(true);
  expect(drawn.at(-1)).toBe('  ✓ one (0.0 s)\n');
});

test('a path with spaces can be pasted into a shell', () => {
  const facts = { baseUrl: 'http://x', newApiKey: null, signInLink: null, model: 'm' };
  expect(describeAccess({ ...facts, apiKeyFile: '/my data/key' })).toContain("$(cat '/my data/key')");
  expect(describeAccess({ ...facts, apiKeyFile: '/a/key' })).toContain('$(cat /a/key)');
});
