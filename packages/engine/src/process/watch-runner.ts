import type { ModelRunner } from '../core/model-runner.ts';

/**
 * The same runner with a clock on each forward call. A call runs off the event loop, so the clock goes on
 * while it hangs (a driver that never comes back); nothing can end such a call but the end of the process.
 */
export function watchRunner(runner: ModelRunner, stepTimeoutMs: number, onHang: () => void): ModelRunner {
  const forward: ModelRunner['forward'] = async (batch) => {
    const timer = setTimeout(onHang, stepTimeoutMs);
    try {
      return await runner.forward(batch);
    } finally {
      clearTimeout(timer);
    }
  };
  // Everything else goes to the runner as it is; methods are bound once, since some are called for each
  // token.
  const bound = new Map<string | symbol, unknown>();
  return new Proxy(runner, {
    get(target, property) {
      if (property === 'forward') return forward;
      if (bound.has(property)) return bound.get(property);
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== 'function') return value;
      const method: unknown = value.bind(target);
      bound.set(property, method);
      return method;
    },
  });
}
