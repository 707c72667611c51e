import type { EngineRequestExtension, EngineResponseExtension } from '@sparkler/api';

/** What an endpoint did that reads texts and generates none. */
export interface Reading {
  readonly promptTokens: number;
  /** Since the request arrived, until its texts were tokens. */
  readonly tokenizeMs: number;
  /** From there to the model's answer, the wait for the model with it. */
  readonly readMs: number;
}

/** The `sparkler` field of an answer of embeddings or ranks, for gateways; nothing for others. */
export function reportReading(
  extension: EngineRequestExtension | null | undefined,
  { promptTokens, tokenizeMs, readMs }: Reading,
): { sparkler?: EngineResponseExtension } {
  const requestId = extension?.request_id;
  if (!requestId) return {};
  return {
    sparkler: {
      request_id: requestId,
      prompt_tokens: promptTokens,
      cached_tokens: 0,
      generated_tokens: 0,
      draft_tokens: 0,
      draft_tokens_accepted: 0,
      steps: 1,
      tokenize_ms: round(tokenizeMs),
      queue_ms: 0,
      prefill_ms: round(readMs),
      decode_ms: 0,
      sample_ms: 0,
      mask_ms: 0,
      first_token_ms: null,
    },
  };
}

function round(milliseconds: number): number {
  return Number(milliseconds.toFixed(3));
}
