/** An answer that no model finishes by itself within a measurement: objects without end. */
const LONG_SCHEMA = {
  type: 'array',
  minItems: 500,
  items: {
    type: 'object',
    properties: {
      name: { type: 'string' },
      price: { type: 'number', minimum: 0 },
      kind: { enum: ['fruit', 'tool', 'book'] },
      tags: { type: 'array', items: { type: 'string' } },
    },
    required: ['name', 'price', 'kind', 'tags'],
  },
};

const PROMPT =
  'A JSON list of the things in the shop, each with its name, its price, its kind (fruit, tool or book) and ' +
  'tags:\n```json\n';

export interface RateOptions {
  readonly address: string;
  readonly streams: number;
  readonly tokens: number;
  /** Whether the answer is held to a schema; else it is whatever comes. */
  readonly constrained: boolean;
}

/** Tokens per second of whole requests that run at once. */
export async function measureRate({ address, streams, tokens, constrained }: RateOptions): Promise<number> {
  const ask = async (seed: number) => {
    const response = await fetch(`${address}/v1/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        model: 'test',
        prompt: PROMPT,
        max_tokens: tokens,
        temperature: 0.7,
        seed,
        disable_speculation: true,
        ...(constrained
          ? { response_format: { type: 'json_object', schema: LONG_SCHEMA } }
          : { ignore_eos: true }),
      }),
    });
    const { usage } = (await response.json()) as { usage: { completion_tokens: number } };
    if (usage.completion_tokens !== tokens) throw new Error(`an answer of ${usage.completion_tokens} tokens`);
    return usage.completion_tokens;
  };
  const begun = performance.now();
  const made = await Promise.all(Array.from({ length: streams }, (_, seed) => ask(seed)));
  return (made.reduce((sum, count) => sum + count, 0) * 1000) / (performance.now() - begun);
}
