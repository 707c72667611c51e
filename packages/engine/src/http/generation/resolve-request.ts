import type { GenerationRequest } from '../../core/generation.ts';
import type { ModelTokenizer } from '../../core/model-runner.ts';
import { createChoiceText } from '../../text/token-text.ts';
import { refuseField } from '../check-body.ts';
import type { RequestHeaders } from '../request-headers.ts';
import type { SharedBody } from '../request-schemas.ts';
import type { ServedModel } from '../served-model.ts';
import type { AnswerPlan, LogprobsPlan } from './generation-plan.ts';
import { resolveSampling, resolveStops } from './resolve-sampling.ts';

/** What all prompts of one HTTP request have in common in the engine. */
export type RequestBase = Omit<
  GenerationRequest,
  'id' | 'promptTokens' | 'maxTokens' | 'onToken' | 'constraint'
>;

export interface RequestBaseOptions {
  readonly body: SharedBody;
  readonly headers: RequestHeaders;
  readonly model: ServedModel;
  readonly adapter: string | null;
  readonly logprobs: LogprobsPlan | null;
  readonly echoes: boolean;
}

export function resolveRequestBase(options: RequestBaseOptions): RequestBase {
  const { body, model, logprobs } = options;
  const extension = body.sparkler ?? {};
  return {
    sampling: resolveSampling(body, model),
    minTokens: extension.min_tokens ?? 0,
    choices: body.n ?? 1,
    endTokens: model.tokenizer.endTokens,
    ignoreEnd: body.ignore_eos ?? false,
    adapter: options.adapter,
    isolationKey: resolveIsolationKey(body, options.headers),
    cacheTokensMax: body.prompt_cache_max_len ?? null,
    tenant: extension.tenant ?? '',
    priority: extension.priority ?? tierPriorities[body.service_tier ?? 'auto'],
    logprobs: logprobs?.alternatives ?? null,
    promptLogprobs: options.echoes ? (logprobs?.alternatives ?? null) : null,
    prediction: resolvePrediction(body, model),
    speculate: body.disable_speculation !== true,
  };
}

const tierPriorities = { auto: 0, default: 0, flex: -1, priority: 1 } as const;

/** The gateway's key and the caller's own, kept apart so that no caller can write another's. */
function resolveIsolationKey(body: SharedBody, headers: RequestHeaders): string {
  const own = body.prompt_cache_isolation_key ?? headers.isolationKey;
  return JSON.stringify([body.sparkler?.isolation_key ?? null, own]);
}

/**
 * The expected answer as tokens. The specification bounds it by max_tokens, which the engine does by itself:
 * it never drafts past the limit. `rewrite_speculation` needs nothing more, drafts always look for the place
 * where the answer rejoins the prediction.
 */
function resolvePrediction(body: SharedBody, model: ServedModel): readonly number[] | null {
  const given = [
    ['prediction', readPrediction(body.prediction)],
    ['speculation', body.speculation ?? null],
  ] as const;
  const wanted = given.filter(([, value]) => value !== null);
  if (wanted.length === 2) {
    throw refuseField('speculation', 'send prediction or speculation, not both: they set the same drafts');
  }
  if (wanted.length === 0 || body.disable_speculation === true) return null;
  const [field, value] = wanted[0]!;
  if (value === null || value.length === 0) return null;
  if (typeof value === 'string') {
    return model.tokenizer.encode(value, { addSpecial: false, parseSpecial: false });
  }
  checkTokens(value, model.tokenizer, field);
  return value;
}

function readPrediction(prediction: SharedBody['prediction']): string | null {
  if (prediction === null || prediction === undefined) return null;
  if (typeof prediction === 'string') return prediction;
  const { content } = prediction;
  return typeof content === 'string' ? content : content.map((part) => part.text).join('');
}

/** Throws a 400 for a token id that the model does not have. */
export function checkTokens(tokens: readonly number[], tokenizer: ModelTokenizer, field: string): void {
  const wrong = tokens.findIndex((token) => token >= tokenizer.vocabularySize);
  if (wrong < 0) return;
  throw refuseField(
    `${field}[${wrong}]`,
    `${field}[${wrong}] is ${tokens[wrong]}; this model has tokens 0 to ${tokenizer.vocabularySize - 1}`,
  );
}

/**
 * Stop strings for the core, which knows no text: one matcher a choice, fed as tokens are made. The text that
 * is sent goes through a matcher of its own later; both see the same tokens and end at the same place.
 */
export function watchStops(
  stops: readonly string[],
  choices: number,
  tokenizer: ModelTokenizer,
  markers: ReadonlySet<number>,
): GenerationRequest['onToken'] {
  if (stops.length === 0) return undefined;
  const texts = Array.from({ length: choices }, () =>
    createChoiceText(tokenizer, { stops, excludeStop: false, markers }),
  );
  return (choice, token) => (texts[choice]!.push(token).stop === null ? 'continue' : 'stop');
}

/** @param kind what ids of this endpoint's answers begin with. */
export function planAnswer(body: SharedBody, requestId: string, kind: 'chatcmpl' | 'cmpl'): AnswerPlan {
  return {
    requestId,
    responseId: `${kind}-${requestId}`,
    model: body.model,
    createdSeconds: Math.floor(Date.now() / 1000),
    stream: body.stream ?? false,
    rawOutput: body.raw_output ?? false,
    countsChunks: body.sparkler?.count_chunks ?? false,
    returnTokenIds: body.return_token_ids ?? false,
    perfMetrics: body.perf_metrics_in_response ?? false,
  };
}

export function resolveTextStops(body: SharedBody): { stops: string[]; excludeStop: boolean } {
  return { stops: resolveStops(body.stop), excludeStop: body.sparkler?.exclude_stop ?? false };
}

let submitted = 0;

/** Ids in the core are unique even where two callers chose the same request id. */
export function createEngineId(requestId: string): string {
  submitted++;
  return `${requestId}.${submitted}`;
}
