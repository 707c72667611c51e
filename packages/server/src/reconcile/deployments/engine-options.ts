/** How a replica's engine is run. */
export interface EngineOptions {
  readonly runner: 'llama-cpp' | 'scripted';
  readonly threads: number;
  readonly cells: number;
  readonly sequences: number;
  readonly batchTokens: number;
  /** Tokens of one draft; left out: the engine decides. */
  readonly draftTokens?: number;
  /** Tokens that must repeat before the text itself is a draft; left out: the engine's default. */
  readonly ngramTokens?: number;
}

/** Fields of a deployment's resource that change how its engines run. */
export interface EngineWishes {
  readonly draftTokenCount?: number;
  readonly ngramSpeculationLength?: number;
  readonly maxContextLength?: number;
  readonly autoTune?: { readonly longPrompt?: boolean };
}

const adjustable = ['threads', 'cells', 'sequences', 'batchTokens'] as const;

/**
 * The server's options with those of one deployment on top: first what its resource says, then its column
 * engine_options, which only operators write. Throws on any other key of that.
 */
export function resolveEngineOptions(
  defaults: EngineOptions,
  own: Readonly<Record<string, unknown>>,
  wishes: EngineWishes = {},
): EngineOptions {
  for (const [name, value] of Object.entries(own)) {
    const isKnown = (adjustable as readonly string[]).includes(name);
    if (isKnown && Number.isInteger(value) && Number(value) > 0) continue;
    throw new Error(
      `engine_options has ${name} = ${JSON.stringify(value)}; it takes whole numbers for ${adjustable.join(', ')}`,
    );
  }
  return { ...defaults, ...deriveFromWishes(defaults, wishes), ...own };
}

function deriveFromWishes(
  { cells, batchTokens }: EngineOptions,
  { draftTokenCount, ngramSpeculationLength, maxContextLength, autoTune }: EngineWishes,
): Partial<EngineOptions> {
  return {
    // Long prompts: twice the cache, as the docs say, and twice the prompt tokens a step.
    ...(autoTune?.longPrompt ? { cells: 2 * cells, batchTokens: 2 * batchTokens } : {}),
    // A sequence can't be longer than the cells that its replica has.
    ...(maxContextLength ? { cells: maxContextLength } : {}),
    ...(draftTokenCount === undefined ? {} : { draftTokens: draftTokenCount }),
    ...(ngramSpeculationLength ? { ngramTokens: ngramSpeculationLength } : {}),
  };
}
