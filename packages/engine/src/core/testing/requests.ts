import type { Engine } from '../engine.ts';
import type { GenerationEvent, GenerationRequest, SamplingOptions } from '../generation.ts';

let made = 0;

/** Greedy, everything else off. */
export function makeSampling(overrides: Partial<SamplingOptions> = {}): SamplingOptions {
  return {
    temperature: 0,
    topK: 0,
    topP: 1,
    minP: 0,
    typicalP: 1,
    repetitionPenalty: 1,
    frequencyPenalty: 0,
    presencePenalty: 0,
    mirostatTarget: null,
    mirostatRate: 0.1,
    logitBias: new Map(),
    seed: 1,
    ...overrides,
  };
}

/** A request with an id of its own and everything optional off. */
export function makeRequest(
  overrides: Partial<Omit<GenerationRequest, 'sampling'>> & { sampling?: Partial<SamplingOptions> } = {},
): GenerationRequest {
  const { sampling, ...rest } = overrides;
  return {
    id: `request-${made++}`,
    promptTokens: [256, 72, 105],
    sampling: makeSampling(sampling),
    maxTokens: 20,
    minTokens: 0,
    choices: 1,
    endTokens: [257, 259],
    ignoreEnd: false,
    adapter: null,
    isolationKey: '',
    cacheTokensMax: null,
    tenant: 'a',
    priority: 0,
    logprobs: null,
    promptLogprobs: null,
    prediction: null,
    speculate: true,
    constraint: null,
    ...rest,
  };
}

/** Text as byte tokens behind a BOS. */
export function encodePrompt(text: string): number[] {
  return [256, ...new TextEncoder().encode(text)];
}

export interface Outcome {
  readonly events: readonly GenerationEvent[];
  /** Generated tokens of each choice. */
  readonly choices: readonly (readonly number[])[];
  readonly end: GenerationEvent;
  readonly cachedTokens: number;
}

export function isTerminal(event: GenerationEvent): boolean {
  return event.type === 'finish' || event.type === 'error' || event.type === 'aborted';
}

/** Submits a request and waits for its end. */
export function generate(
  engine: Engine,
  request: GenerationRequest,
  onEvent?: (event: GenerationEvent) => void,
): Promise<Outcome> {
  return new Promise((resolve) => {
    const events: GenerationEvent[] = [];
    engine.submit(request, (event) => {
      events.push(event);
      if (isTerminal(event)) resolve(summarize(request, events));
      onEvent?.(event);
    });
  });
}

function summarize(request: GenerationRequest, events: readonly GenerationEvent[]): Outcome {
  const choices: number[][] = Array.from({ length: request.choices }, () => []);
  let cachedTokens = 0;
  for (const event of events) {
    if (event.type === 'token') choices[event.choice]!.push(event.token);
    if (event.type === 'prompt') cachedTokens = event.cachedTokens;
  }
  return { events, choices, end: events.at(-1)!, cachedTokens };
}
