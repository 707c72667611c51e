import type { ContentLogprobs, LegacyLogprobs, Logprobs, TokenLogprob } from '@sparkler/api';
import type { TokenAlternative } from '../../core/generation.ts';
import type { ModelTokenizer } from '../../core/model-runner.ts';
import { labelToken } from '../../text/token-text.ts';
import type { AnswerToken } from './choice-assembler.ts';
import type { LogprobsPlan } from './generation-plan.ts';

/** Log probabilities in the form that was asked for; null when none were. */
export function formatLogprobs(
  tokens: readonly AnswerToken[],
  plan: LogprobsPlan | null,
  tokenizer: ModelTokenizer,
): Logprobs | null {
  if (plan === null) return null;
  return plan.shape === 'tokens'
    ? formatTokenLogprobs(tokens, tokenizer)
    : formatArrayLogprobs(tokens, plan, tokenizer);
}

/** OpenAI's objects, one a token. */
export function formatTokenLogprobs(
  tokens: readonly AnswerToken[],
  tokenizer: ModelTokenizer,
): ContentLogprobs {
  return {
    content: tokens.map(
      (token): TokenLogprob => ({
        token: labelToken(tokenizer, token.token),
        // The first prompt token follows nothing; this form has no null, so it is certain.
        logprob: finite(token.logprob ?? 0),
        bytes: [...tokenizer.tokenBytes(token.token, true)],
        top_logprobs: token.alternatives.map((alternative) => ({
          token: labelToken(tokenizer, alternative.token),
          logprob: finite(alternative.logprob),
          token_id: alternative.token,
          bytes: [...tokenizer.tokenBytes(alternative.token, true)],
        })),
        token_id: token.token,
        text_offset: token.offset,
      }),
    ),
  };
}

/** The older parallel arrays. */
function formatArrayLogprobs(
  tokens: readonly AnswerToken[],
  plan: LogprobsPlan,
  tokenizer: ModelTokenizer,
): LegacyLogprobs {
  const top = tokens.map((token) =>
    token.logprob === null ? null : formatTop(token.alternatives, tokenizer),
  );
  return {
    tokens: tokens.map((token) => labelToken(tokenizer, token.token)),
    token_logprobs: tokens.map((token) => (token.logprob === null ? null : finite(token.logprob))),
    top_logprobs: plan.alternatives === 0 ? null : top,
    text_offset: tokens.map((token) => token.offset),
    token_ids: tokens.map((token) => token.token),
  };
}

/** Two tokens may have the same text; the likelier one keeps the key. */
function formatTop(
  alternatives: readonly TokenAlternative[],
  tokenizer: ModelTokenizer,
): Record<string, number> {
  const top: Record<string, number> = {};
  for (const { token, logprob } of alternatives) {
    const label = labelToken(tokenizer, token);
    if (!Object.hasOwn(top, label)) top[label] = finite(logprob);
  }
  return top;
}

/** JSON has no infinity; OpenAI writes this for a token that cannot be. */
function finite(logprob: number): number {
  return Number.isFinite(logprob) ? logprob : -9999;
}
