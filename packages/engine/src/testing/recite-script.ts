import { SCRIPTED_TOKENS } from '../runners/scripted/scripted-vocabulary.ts';
import type { ScriptedHistory } from '../runners/scripted/scripts.ts';

/**
 * For tests: a model that says what the prompt tells it to. In a chat it repeats what follows the last `SAY `
 * up to the end of that message; in a bare prompt, what stands between `SAY ` and a record separator
 * (U+001E). The separator itself and U+001F stand for the end token and for `<|fim_prefix|>`, a control
 * token.
 */
export function script(history: ScriptedHistory, logits: Float32Array): void {
  logits.fill(-30);
  const plan = findPlan(history);
  const next = plan === null ? SCRIPTED_TOKENS.eos : sayAt(history, plan, history.length - plan.start);
  logits[next] = 0;
}

interface Plan {
  /** Where the words to say are. */
  readonly from: number;
  readonly to: number;
  /** Where the answer begins. */
  readonly start: number;
}

const say = [...new TextEncoder().encode('SAY ')];
const assistant = [...new TextEncoder().encode('assistant\n')];
const recordSeparator = 0x1e;
const fimPrefix = 260;

function sayAt(history: ScriptedHistory, plan: Plan, place: number): number {
  const position = plan.from + place;
  if (position >= plan.to) return SCRIPTED_TOKENS.eos;
  const token = history.tokenAt(position);
  return token === 0x1f ? fimPrefix : token;
}

/** The first separator (or chat turn) behind the first `SAY ` whose end is known. */
function findPlan(history: ScriptedHistory): Plan | null {
  let plan: Plan | null = null;
  for (let place = 0; place < history.length; place++) {
    if (!matches(history, place, say)) continue;
    const from = place + say.length;
    for (let to = from; to < history.length; to++) {
      const token = history.tokenAt(to);
      if (token === recordSeparator) return { from, to, start: to + 1 };
      if (token === SCRIPTED_TOKENS.imEnd) {
        const start = findAnswer(history, to);
        if (start !== null) plan = { from, to, start };
        break;
      }
    }
  }
  return plan;
}

/** Behind the next `<|im_start|>assistant` line. */
function findAnswer(history: ScriptedHistory, from: number): number | null {
  for (let place = history.length - 1; place > from; place--) {
    if (history.tokenAt(place) === SCRIPTED_TOKENS.imStart && matches(history, place + 1, assistant)) {
      return place + 1 + assistant.length;
    }
  }
  return null;
}

function matches(history: ScriptedHistory, place: number, bytes: readonly number[]): boolean {
  if (place + bytes.length > history.length) return false;
  return bytes.every((byte, offset) => history.tokenAt(place + offset) === byte);
}
