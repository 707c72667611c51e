import type { EngineResponseExtension, PerfMetrics, Usage } from '@sparkler/api';
import type { GenerationPlan } from './generation-plan.ts';
import type { GenerationRun } from './generation-run.ts';

/** Token counts of a finished run. */
export function reportUsage(run: GenerationRun): Usage {
  const promptTokens = run.promptTokens;
  const reasoningTokens = run.choices.reduce((sum, choice) => sum + choice.reasoningTokens, 0);
  const { draftTokens, draftTokensAccepted } = run.timings;
  const predicted = run.plan.prompts.some((prompt) => prompt.request.prediction !== null);
  const details = {
    ...(reasoningTokens > 0 ? { reasoning_tokens: reasoningTokens } : {}),
    ...(predicted
      ? {
          accepted_prediction_tokens: draftTokensAccepted,
          rejected_prediction_tokens: draftTokens - draftTokensAccepted,
        }
      : {}),
  };
  return {
    prompt_tokens: promptTokens,
    completion_tokens: run.generatedTokens,
    total_tokens: promptTokens + run.generatedTokens,
    prompt_tokens_details: { cached_tokens: run.cachedTokens },
    ...(Object.keys(details).length > 0 ? { completion_tokens_details: details } : {}),
  };
}

/** The `sparkler` field of the response, or of a stream's last chunk. */
export function reportExtension(run: GenerationRun): EngineResponseExtension {
  const { timings } = run;
  return {
    request_id: run.plan.requestId,
    prompt_tokens: run.promptTokens,
    cached_tokens: run.cachedTokens,
    generated_tokens: run.generatedTokens,
    draft_tokens: timings.draftTokens,
    draft_tokens_accepted: timings.draftTokensAccepted,
    steps: timings.steps,
    tokenize_ms: round(run.plan.tokenizeMs),
    queue_ms: round(timings.queueMs),
    prefill_ms: round(timings.prefillMs),
    decode_ms: round(timings.decodeMs),
    sample_ms: round(timings.sampleMs),
    mask_ms: round(timings.maskMs),
    first_token_ms: timings.firstTokenMs === null ? null : round(timings.firstTokenMs),
  };
}

/**
 * What is measured about a run, by the names of the response headers without `fireworks-`. Durations in
 * seconds.
 * @param finished false while only the prompt has been read.
 * @param processingMs since the request arrived.
 */
export function reportPerformance(run: GenerationRun, finished: boolean, processingMs: number): PerfMetrics {
  const { timings, plan } = run;
  const metrics: PerfMetrics = {
    'prompt-tokens': run.promptTokens,
    'tokenizer-duration': seconds(plan.tokenizeMs),
    'sampling-options': describeSampling(run),
    'num-concurrent-requests': run.concurrentRequests,
  };
  if (run.allPrompted) metrics['cached-prompt-tokens'] = run.cachedTokens;
  if (!finished) return metrics;
  const predictions = plan.prompts.map((prompt) => prompt.request.prediction?.length ?? 0);
  return {
    ...metrics,
    ...(timings.firstTokenMs === null ? {} : { 'server-time-to-first-token': seconds(timings.firstTokenMs) }),
    'server-processing-time': seconds(processingMs),
    'prefill-queue-duration': seconds(timings.queueMs),
    'prefill-duration': seconds(timings.prefillMs),
    'generation-duration': seconds(timings.decodeMs),
    'generated-tokens': run.generatedTokens,
    'speculation-prompt-tokens': predictions.reduce((sum, length) => sum + length, 0),
    'speculation-generated-tokens': timings.draftTokens,
    'speculation-matched-tokens': timings.draftTokensAccepted,
    ...(timings.draftTokens === 0
      ? {}
      : { 'speculation-acceptance': Number((timings.draftTokensAccepted / timings.draftTokens).toFixed(4)) }),
  };
}

/** Clients and proxies take 8 KB of headers at the least; the list of keywords leaves room for others. */
const UNENFORCED_CHARS_MAX = 2048;

/** The same as response headers, and the keywords of schemas that the answer is not held to. */
export function toHeaders(metrics: PerfMetrics, { unenforced }: GenerationPlan): Record<string, string> {
  const headers = Object.fromEntries(
    Object.entries(metrics).map(([name, value]) => [`fireworks-${name}`, String(value)]),
  );
  if (unenforced.length > 0) headers['fireworks-unenforced-keywords'] = joinUnenforced(unenforced);
  return headers;
}

function joinUnenforced(unenforced: readonly string[]): string {
  const told: string[] = [];
  let length = 0;
  for (const keyword of unenforced) {
    length += keyword.length + 2;
    if (length > UNENFORCED_CHARS_MAX)
      return [...told, `and ${unenforced.length - told.length} more`].join(', ');
    told.push(keyword);
  }
  return told.join(', ');
}

function describeSampling(run: GenerationRun): string {
  const { sampling, maxTokens } = run.plan.prompts[0]!.request;
  return JSON.stringify({
    max_tokens: maxTokens,
    temperature: sampling.temperature,
    top_p: sampling.topP,
    top_k: sampling.topK,
    min_p: sampling.minP,
    typical_p: sampling.typicalP,
    repetition_penalty: sampling.repetitionPenalty,
    frequency_penalty: sampling.frequencyPenalty,
    presence_penalty: sampling.presencePenalty,
    seed: sampling.seed,
  });
}

function seconds(milliseconds: number): number {
  return Number((milliseconds / 1000).toFixed(6));
}

function round(milliseconds: number): number {
  return Number(milliseconds.toFixed(3));
}
