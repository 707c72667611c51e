import { expect, it } from 'vitest';
import { type Stateful, waitUntilReady } from './wait-until-ready.ts';

function serve(...states: readonly string[]): () => Promise<Stateful> {
  let next = 0;
  return async () => {
    const state = states[Math.min(next++, states.length - 1)]!;
    return { name: 'accounts/a/deployments/d', state, status: { message: 'no memory' } };
  };
}

it('returns the resource once it is ready, showing each look', async () => {
  const seen: (string | undefined)[] = [];
  const onLook = ({ state }: Stateful) => seen.push(state);
  const ready = await waitUntilReady(serve('CREATING', 'CREATING', 'READY'), { intervalMs: 1, onLook });
  expect(ready.state).toBe('READY');
  expect(seen).toEqual(['CREATING', 'CREATING', 'READY']);
});

it('ends with the reason of the server, the time limit or the abort', async () => {
  await expect(waitUntilReady(serve('CREATING', 'FAILED'), { intervalMs: 1 })).rejects.toThrow(
    'd is FAILED: no memory',
  );
  await expect(waitUntilReady(serve('CREATING'), { intervalMs: 1, timeoutMs: 5 })).rejects.toThrow('still');
  const signal = AbortSignal.abort();
  await expect(waitUntilReady(serve('CREATING'), { signal })).rejects.toThrow('aborted');
});
