import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ReplicaState } from './launcher.ts';
import { decideTransition, type ReplicaEvent } from './replica-states.ts';

const exit: ReplicaEvent = { kind: 'exit', code: 0, signal: null };
const timeout: ReplicaEvent = { kind: 'timeout', reason: 'x' };

describe('a replica', () => {
  test.each<[ReplicaState, ReplicaEvent, ReplicaState, string]>([
    ['starting', { kind: 'ready' }, 'ready', 'none'],
    ['starting', { kind: 'drain' }, 'stopping', 'kill'],
    ['starting', { kind: 'stop' }, 'stopping', 'terminate'],
    ['starting', timeout, 'stopping', 'kill'],
    ['ready', { kind: 'drain' }, 'draining', 'none'],
    ['ready', { kind: 'noticed' }, 'ready', 'none'],
    ['draining', { kind: 'noticed' }, 'draining', 'terminate'],
    ['stopping', { kind: 'noticed' }, 'stopping', 'none'],
    ['ready', timeout, 'stopping', 'kill'],
    ['draining', { kind: 'drain' }, 'draining', 'none'],
    ['draining', { kind: 'ready' }, 'draining', 'none'],
    ['draining', timeout, 'stopping', 'kill'],
    ['stopping', { kind: 'ready' }, 'stopping', 'none'],
    ['stopping', { kind: 'stop' }, 'stopping', 'kill'],
  ])('that is %s and hears %j becomes %s (%s)', (state, event, next, action) => {
    expect(decideTransition(state, event)).toEqual({ state: next, action });
  });

  const anyEvent = fc.constantFrom<ReplicaEvent>(
    { kind: 'ready' },
    { kind: 'drain' },
    { kind: 'stop' },
    { kind: 'noticed' },
    timeout,
    exit,
  );

  test('never comes back once it is leaving, and nothing is done to one that is gone', () => {
    const order: ReplicaState[] = ['starting', 'ready', 'draining', 'stopping', 'exited'];
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 12 }), (events) => {
        let state: ReplicaState = 'starting';
        for (const event of events) {
          const next = decideTransition(state, event);
          expect(order.indexOf(next.state)).toBeGreaterThanOrEqual(order.indexOf(state));
          if (state === 'exited') expect(next.action).toBe('none');
          state = next.state;
        }
      }),
    );
  });
});
