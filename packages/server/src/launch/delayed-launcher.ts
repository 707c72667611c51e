import type { Launcher, ObservedReplica, ReplicaSpec } from './launcher.ts';

/** Calls back after some time; returns how to prevent that. */
export type After = (delayMs: number, run: () => void) => () => void;

export const afterRealTime: After = (delayMs, run) => {
  const timer = setTimeout(run, delayMs).unref();
  return () => clearTimeout(timer);
};

export interface DelayedLauncherParts {
  readonly inner: Launcher;
  readonly after: After;
  readonly now: () => number;
}

interface Waiting {
  readonly spec: ReplicaSpec;
  readonly launchTimeMs: number;
  /** Set when it was told to end before it began. */
  endTimeMs: number | null;
  cancel(): void;
}

/**
 * Lets replicas wait for their accelerators (`launchDelayMs` of their spec) before the inner launcher begins
 * them. A replica that waits counts as starting.
 */
export function createDelayedLauncher({ inner, after, now }: DelayedLauncherParts): Launcher {
  const waiting = new Map<string, Waiting>();
  const listeners: ((deployment: string) => void)[] = [];

  function begin(spec: ReplicaSpec): void {
    waiting.delete(spec.id);
    inner.launch(spec).catch((error: unknown) => {
      throw error;
    });
  }

  /** Whether the replica had not begun: then it never does. */
  function giveUp(id: string): boolean {
    const entry = waiting.get(id);
    if (entry === undefined) return false;
    entry.cancel();
    entry.endTimeMs ??= now();
    for (const listener of listeners) listener(entry.spec.deployment);
    return true;
  }

  return {
    kind: inner.kind,
    async launch(spec) {
      if (waiting.has(spec.id)) return;
      const delayMs = spec.launchDelayMs ?? 0;
      if (delayMs === 0) return inner.launch(spec);
      const cancel = after(delayMs, () => begin(spec));
      waiting.set(spec.id, { spec, launchTimeMs: now(), endTimeMs: null, cancel });
    },
    async drain(id) {
      if (!giveUp(id)) await inner.drain(id);
    },
    async stop(id) {
      if (!giveUp(id)) await inner.stop(id);
    },
    async forget(id) {
      waiting.delete(id);
      await inner.forget(id);
    },
    async observe(deployment) {
      const own = [...waiting.values()].filter(({ spec }) => spec.deployment === deployment);
      return [...own.map(describe), ...(await inner.observe(deployment))];
    },
    onChange(listener) {
      listeners.push(listener);
      inner.onChange(listener);
    },
    onLoading: (listener) => inner.onLoading(listener),
    async close() {
      for (const { cancel } of waiting.values()) cancel();
      waiting.clear();
      await inner.close();
    },
  };
}

function describe({ spec, launchTimeMs, endTimeMs }: Waiting): ObservedReplica {
  const { id, deployment, generation, specKey } = spec;
  const exit = endTimeMs === null ? null : { timeMs: endTimeMs, wanted: true, reason: 'it had not begun' };
  return {
    id,
    deployment,
    generation,
    specKey,
    address: { socketPath: '' },
    pid: null,
    state: exit === null ? 'starting' : 'exited',
    launchTimeMs,
    readyTimeMs: null,
    exit,
  };
}
