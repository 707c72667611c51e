import { expect, test } from 'vitest';
import { createRefresher } from './refresher.ts';

test('requests during a run become one more run', async () => {
  const gates: (() => void)[] = [];
  const refresher = createRefresher(() => new Promise<void>((resolve) => gates.push(resolve)), {
    pollMs: 60_000,
    onError: () => undefined,
  });
  refresher.request();
  refresher.request();
  refresher.request();
  expect(gates).toHaveLength(1);
  gates[0]?.();
  await expect.poll(() => gates.length).toBe(2);
  gates[1]?.();
  await new Promise((resolve) => setImmediate(resolve));
  expect(gates).toHaveLength(2);
  refresher.close();
});

test('a failed run is repeated until it works', async () => {
  let runs = 0;
  const errors: string[] = [];
  const refresher = createRefresher(
    async () => {
      runs += 1;
      if (runs < 3) throw new Error(`failure ${runs}`);
    },
    { pollMs: 60_000, onError: (error) => errors.push(error.message) },
  );
  refresher.request();
  await expect.poll(() => runs).toBe(3);
  expect(errors).toEqual(['failure 1', 'failure 2']);
  refresher.close();
});

test('without any request it runs every so often', async () => {
  let runs = 0;
  const refresher = createRefresher(
    async () => {
      runs += 1;
    },
    { pollMs: 5, onError: () => undefined },
  );
  await expect.poll(() => runs).toBeGreaterThan(2);
  refresher.close();
});
