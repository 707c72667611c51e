import type { InferenceError } from '@sparkler/api';
import type { GenerationEngine } from '../../core/generation.ts';
import type { ModelTokenizer } from '../../core/model-runner.ts';
import { joinPieces, type OutputPiece } from '../../text/output-piece.ts';
import type { AnswerToken, ChoiceDelta, FinishReason } from './choice-assembler.ts';
import { formatLogprobs } from './format-logprobs.ts';
import type { GenerationPlan } from './generation-plan.ts';
import { GenerationRun } from './generation-run.ts';
import { buildEnvelope, buildRawOutput, promptTokensOf } from './response-parts.ts';
import type { ChoiceExtras, ResponseShape } from './response-shape.ts';
import { reportExtension, reportPerformance, reportUsage, toHeaders } from './run-report.ts';

export interface CollectOptions {
  readonly plan: GenerationPlan;
  readonly engine: GenerationEngine;
  readonly tokenizer: ModelTokenizer;
  readonly shape: ResponseShape;
  /** When the request arrived, as of performance.now(). */
  readonly arrivedMs: number;
  /** Ends the run: the caller went away. */
  readonly signal: AbortSignal;
}

export interface CollectedResponse {
  readonly body: object;
  readonly headers: Record<string, string>;
}

interface CollectedChoice {
  readonly pieces: OutputPiece[];
  readonly tokens: AnswerToken[];
  finish: FinishReason;
}

/**
 * Runs a request to its end and answers with one body; null when it was aborted. Rejects with InferenceError.
 */
export function collectResponse(options: CollectOptions): Promise<CollectedResponse | null> {
  const { plan, signal } = options;
  const { promise, resolve, reject } = Promise.withResolvers<CollectedResponse | null>();
  const count = plan.prompts.length * plan.choicesPerPrompt;
  const choices = Array.from(
    { length: count },
    (): CollectedChoice => ({ pieces: [], tokens: [], finish: 'stop' }),
  );
  const add = (choice: number, delta: ChoiceDelta): void => {
    choices[choice]!.pieces.push(...delta.pieces);
    choices[choice]!.tokens.push(...delta.tokens);
  };
  const run = new GenerationRun(plan, options.engine, options.tokenizer, {
    queued: () => undefined,
    prompted: () => undefined,
    delta: add,
    choiceEnded(choice, rest, finish) {
      add(choice, rest);
      choices[choice]!.finish = finish;
    },
    finished: () => resolve(buildResponse(options, run, choices)),
    failed: (error: InferenceError) => reject(error),
    aborted: () => resolve(null),
  });
  if (signal.aborted) run.abort();
  else signal.addEventListener('abort', () => run.abort(), { once: true });
  return promise;
}

function buildResponse(
  options: CollectOptions,
  run: GenerationRun,
  choices: readonly CollectedChoice[],
): CollectedResponse {
  const { plan, shape, tokenizer } = options;
  const metrics = reportPerformance(run, true, performance.now() - options.arrivedMs);
  const promptIds = (place: 'envelope' | 'choice', index: number) =>
    plan.returnTokenIds && shape.promptIdsIn === place
      ? { prompt_token_ids: promptTokensOf(run, index) }
      : {};
  const body = {
    ...buildEnvelope(run, shape.object),
    ...promptIds('envelope', 0),
    choices: choices.map((choice, index) => {
      const extras: ChoiceExtras = {
        logprobs: formatLogprobs(choice.tokens, plan.logprobs, tokenizer),
        ...(plan.returnTokenIds
          ? { token_ids: run.choices[index]!.tokens, ...promptIds('choice', index) }
          : {}),
        ...(plan.rawOutput ? { raw_output: buildRawOutput(run, index, choice.tokens, tokenizer) } : {}),
      };
      return shape.wholeChoice(index, joinPieces(choice.pieces), choice.finish, extras);
    }),
    usage: reportUsage(run),
    ...(plan.perfMetrics ? { perf_metrics: metrics } : {}),
    sparkler: reportExtension(run),
  };
  return { body, headers: toHeaders(metrics, plan) };
}
