import { expect, test } from 'vitest';
import { createPauses } from './pauses.ts';

test('others get on after so many milliseconds of work, not between any two parts', async () => {
  let nowMs = 0;
  let others = 0;
  const pause = createPauses(() => nowMs);
  const seen: number[] = [];
  setImmediate(function goOn() {
    others++;
    if (seen.length < 6) setImmediate(goOn);
  });
  for (const workMs of [5, 5, 15, 5, 30, 1]) {
    const before = others;
    nowMs += workMs;
    await pause();
    seen.push(others - before);
  }
  // The third part and the fifth made it long; microtasks alone let nobody in.
  expect(seen.map((count) => count > 0)).toEqual([false, false, true, false, true, false]);
});
