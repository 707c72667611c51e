/** What one request consumed, as far as it is known. */
export interface TokenCounts {
  readonly promptTokens: number;
  readonly cachedPromptTokens: number;
  readonly completionTokens: number;
}

export const noTokens: TokenCounts = { promptTokens: 0, cachedPromptTokens: 0, completionTokens: 0 };

/** Reads an OpenAI `usage` object; null when it is none. */
export function readUsage(value: unknown): TokenCounts | null {
  if (typeof value !== 'object' || value === null) return null;
  const usage = value as Record<string, unknown>;
  if (typeof usage.prompt_tokens !== 'number') return null;
  const details = usage.prompt_tokens_details as { cached_tokens?: unknown } | null | undefined;
  return {
    promptTokens: usage.prompt_tokens,
    cachedPromptTokens: typeof details?.cached_tokens === 'number' ? details.cached_tokens : 0,
    completionTokens: typeof usage.completion_tokens === 'number' ? usage.completion_tokens : 0,
  };
}
