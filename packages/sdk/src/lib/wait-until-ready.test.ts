import { expect, it } from 'vitest';
import { createApiError } from '../core/errors.ts';
import { type Stateful, waitUntilGone, waitUntilReady } from './wait-until-ready.ts';

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

it('sees that a deleted resource is gone, or may be undeleted', async () => {
  await waitUntilGone(serve('DELETING', 'DELETED'), { intervalMs: 1 });
  let looks = 0;
  const get = async (): Promise<Stateful> => {
    if (looks++ === 0) return { name: 'accounts/a/models/m', state: 'READY' };
    throw createApiError(404, '', null);
  };
  await waitUntilGone(get, { intervalMs: 1 });
  const refused = async (): Promise<Stateful> => {
    throw createApiError(403, '{"error":{"message":"not yours"}}', null);
  };
  await expect(waitUntilGone(refused, { intervalMs: 1 })).rejects.toThrow('not yours');
});
