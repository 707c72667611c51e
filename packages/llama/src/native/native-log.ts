import koffi, { type LibraryHandle } from 'koffi';
import type { SystemFunctions } from './declarations/system.ts';

/** enum ggml_log_level; `continued` carries on the line before. */
const LEVEL = { warn: 3, error: 4, continued: 5 } as const;

const logCallback = koffi.pointer(koffi.proto('void', ['int', 'str', 'void *']));

/**
 * The native log. It is one global of the process, written from any thread that computes, and a JavaScript
 * callback can only run on the main thread: a native thread that logs waits for the event loop, for each
 * line. So the log goes to a native function that does nothing, except while something is loaded, when its
 * warnings are what explains a failure.
 */
export interface NativeLog {
  /** Runs a native call made on the libuv pool; `lines` collects warnings and errors meanwhile. */
  capture<T>(run: () => Promise<T>): Promise<{ result: T; lines: readonly string[] }>;
}

export function silenceNativeLog(system: SystemFunctions, llama: LibraryHandle): NativeLog {
  // It ignores its arguments and returns: safe to call as a log callback from any thread.
  const doNothing = llama.symbol('llama_opt_param_filter_all') as bigint;
  system.setLog(doNothing, null);
  const captures = new Set<string[]>();
  let callback: bigint | null = null;
  let level: number = LEVEL.continued;

  const receive = (messageLevel: number, text: string): void => {
    const continued = messageLevel === LEVEL.continued;
    if (!continued) level = messageLevel;
    if (level !== LEVEL.warn && level !== LEVEL.error) return;
    for (const lines of captures) {
      if (continued && lines.length > 0) lines[lines.length - 1] += text.trimEnd();
      else lines.push(text.trim());
    }
  };

  return {
    async capture(run) {
      const lines: string[] = [];
      captures.add(lines);
      // Registered once and kept: another thread may still be inside it when a capture ends.
      callback ??= koffi.register(receive, logCallback);
      if (captures.size === 1) system.setLog(callback, null);
      try {
        return { result: await run(), lines };
      } finally {
        captures.delete(lines);
        if (captures.size === 0) system.setLog(doNothing, null);
      }
    },
  };
}

/** A failure in words: what we tried, and what llama.cpp said last (the cause is in its last lines). */
export function describeFailure(what: string, lines: readonly string[]): string {
  const said = lines.filter((line) => line !== '').slice(-4);
  return said.length === 0 ? `${what} and gave no reason` : `${what}: ${said.join('; ')}`;
}
