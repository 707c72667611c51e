import type { RawOutput } from '@sparkler/api';
import type { ModelTokenizer } from '../../core/model-runner.ts';
import { decodeRaw } from '../../text/token-text.ts';
import type { AnswerToken } from './choice-assembler.ts';
import { formatTokenLogprobs } from './format-logprobs.ts';
import type { GenerationRun } from './generation-run.ts';

/** The fields every response and chunk begins with. */
export function buildEnvelope(run: GenerationRun, object: string): Record<string, unknown> {
  const { plan } = run;
  return { id: plan.responseId, object, created: plan.createdSeconds, model: plan.model };
}

/** What the model saw and wrote for one choice, before anything was parsed. */
export function buildRawOutput(
  run: GenerationRun,
  choice: number,
  answer: readonly AnswerToken[],
  tokenizer: ModelTokenizer,
): RawOutput {
  const { plan } = run;
  const prompt = plan.prompts[Math.floor(choice / plan.choicesPerPrompt)]!;
  const { tokens } = run.choices[choice]!;
  // An echoed prompt is in front of the answer.
  const generated = answer.slice(answer.length - tokens.length);
  return {
    prompt_fragments: prompt.fragments(),
    prompt_token_ids: [...prompt.request.promptTokens],
    completion: decodeRaw(tokenizer, tokens),
    completion_token_ids: tokens,
    ...(plan.logprobs === null ? {} : { completion_logprobs: formatTokenLogprobs(generated, tokenizer) }),
    ...(plan.grammarText === null ? {} : { grammar: plan.grammarText }),
  };
}

/** Prompt tokens that belong to a choice. */
export function promptTokensOf(run: GenerationRun, choice: number): readonly number[] {
  return run.plan.prompts[Math.floor(choice / run.plan.choicesPerPrompt)]!.request.promptTokens;
}
