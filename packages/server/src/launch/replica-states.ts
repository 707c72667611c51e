import type { ReplicaState } from './launcher.ts';

/** What can happen to a replica process. */
export type ReplicaEvent =
  /** It listens and its model is loaded. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'drain' }
  | { readonly kind: 'stop' }
  /** It drains, and those who send requests have had the time to hear of it. */
  | { readonly kind: 'noticed' }
  /** It did not become ready, answer or drain in time. */
  | { readonly kind: 'timeout'; readonly reason: string }
  | { readonly kind: 'exit'; readonly code: number | null; readonly signal: NodeJS.Signals | null };

/** What the run loop does about it. */
export type ReplicaAction = 'none' | 'terminate' | 'kill';

export interface Transition {
  readonly state: ReplicaState;
  readonly action: ReplicaAction;
}

/** The whole behaviour of a replica process as a table: state and event give state and action. Pure. */
export function decideTransition(state: ReplicaState, event: ReplicaEvent): Transition {
  if (state === 'exited') return { state, action: 'none' };
  switch (event.kind) {
    case 'exit':
      return { state: 'exited', action: 'none' };
    case 'timeout':
      return { state: 'stopping', action: 'kill' };
    case 'stop':
      // Asked twice means now.
      return { state: 'stopping', action: state === 'stopping' ? 'kill' : 'terminate' };
    case 'drain':
      if (state === 'ready') return { state: 'draining', action: 'none' };
      // A replica that never served has nothing to finish.
      return state === 'starting' ? { state: 'stopping', action: 'kill' } : { state, action: 'none' };
    case 'noticed':
      return { state, action: state === 'draining' ? 'terminate' : 'none' };
    case 'ready':
      return { state: state === 'starting' ? 'ready' : state, action: 'none' };
  }
}
