import { refuseField } from '../check-body.ts';
import type { SharedBody } from '../request-schemas.ts';

/** What a request says about reasoning. */
export interface ReasoningPlan {
  /** Null: the model's own default. */
  readonly enabled: boolean | null;
  /** Part of max_tokens that may be reasoning; null: no such limit. */
  readonly share: number | null;
  /** Tokens that may be reasoning; null: no such limit. */
  readonly budgetTokens: number | null;
  /** The word, for templates that print it. */
  readonly effort: 'low' | 'medium' | 'high' | null;
}

/** The specification's "low" is 40 % of the full length; "medium" is ours, halfway to no limit. */
const shares = { low: 0.4, medium: 0.7, high: null } as const;

const untouched: ReasoningPlan = { enabled: null, share: null, budgetTokens: null, effort: null };
const disabled: ReasoningPlan = { enabled: false, share: null, budgetTokens: 0, effort: null };

/** `reasoning_effort` and `thinking` are two forms of one option. */
export function resolveReasoning(body: SharedBody): ReasoningPlan {
  const effort = body.reasoning_effort ?? null;
  const thinking = body.thinking ?? null;
  if (effort !== null && thinking !== null) {
    throw refuseField('thinking', 'send reasoning_effort or thinking, not both: they set the same limit');
  }
  if (thinking !== null) {
    if (thinking.type === 'disabled') return disabled;
    return { ...untouched, enabled: true, budgetTokens: thinking.budget_tokens ?? null };
  }
  if (effort === null) return untouched;
  if (effort === false || effort === 'none') return disabled;
  if (typeof effort === 'number') return { ...untouched, enabled: true, budgetTokens: effort };
  const word = effort === true ? 'medium' : effort;
  return { enabled: true, share: shares[word], budgetTokens: null, effort: word };
}

/** Most tokens of reasoning, for an answer of at most `maxTokens`; null: no limit. */
export function resolveReasoningBudget(plan: ReasoningPlan, maxTokens: number): number | null {
  if (plan.budgetTokens !== null) return plan.budgetTokens;
  return plan.share === null ? null : Math.floor(plan.share * maxTokens);
}
