/**
 * Finds stop strings in text that arrives in pieces. The result never depends on where the pieces were cut.
 */
export interface StopMatcher {
  /** Text that may be shown now, and the stop string that ended the text, if one did. */
  push(text: string): { readonly text: string; readonly stop: string | null };
  /** Text held back because it might have begun a stop string. */
  end(): string;
}

/**
 * @param stops the stop strings; the one that is complete first wins, the longest of those ending at one
 * place.
 * @param exclude leave the stop string out of the text (as OpenAI does) instead of ending the text with it.
 */
export function createStopMatcher(stops: readonly string[], exclude: boolean): StopMatcher {
  const wanted = stops.filter((stop) => stop !== '');
  if (wanted.length === 0) return { push: (text) => ({ text, stop: null }), end: () => '' };
  return exclude ? createExcludingMatcher(wanted) : createIncludingMatcher(wanted);
}

/** The text ends with the stop string, so nothing is held back: only the tail is remembered. */
function createIncludingMatcher(stops: readonly string[]): StopMatcher {
  const tailLength = Math.max(...stops.map((stop) => stop.length)) - 1;
  let tail = '';
  return {
    push(text) {
      const window = tail + text;
      const match = findFirstStop(window, stops);
      if (match !== null) return { text: window.slice(tail.length, match.end), stop: match.stop };
      tail = tailLength === 0 ? '' : window.slice(-tailLength);
      return { text, stop: null };
    },
    end: () => '',
  };
}

/** Holds back the longest end of the text that could still become a stop string. */
function createExcludingMatcher(stops: readonly string[]): StopMatcher {
  let held = '';
  return {
    push(text) {
      const window = held + text;
      const match = findFirstStop(window, stops);
      if (match !== null) {
        held = '';
        return { text: window.slice(0, match.start), stop: match.stop };
      }
      const heldLength = Math.max(...stops.map((stop) => overlapLength(window, stop)));
      held = heldLength === 0 ? '' : window.slice(-heldLength);
      return { text: window.slice(0, window.length - heldLength), stop: null };
    },
    end() {
      const rest = held;
      held = '';
      return rest;
    },
  };
}

interface StopMatch {
  readonly stop: string;
  readonly start: number;
  readonly end: number;
}

function findFirstStop(text: string, stops: readonly string[]): StopMatch | null {
  let first: StopMatch | null = null;
  for (const stop of stops) {
    const start = text.indexOf(stop);
    if (start < 0) continue;
    const end = start + stop.length;
    if (first === null || end < first.end || (end === first.end && start < first.start)) {
      first = { stop, start, end };
    }
  }
  return first;
}

/** Length of the longest end of `text` that is a beginning of `pattern`, but not all of it. */
export function overlapLength(text: string, pattern: string): number {
  for (let length = Math.min(text.length, pattern.length - 1); length > 0; length--) {
    if (text.endsWith(pattern.slice(0, length))) return length;
  }
  return 0;
}
