/** How a replica's engine is run. */
export interface EngineOptions {
  readonly runner: 'llama-cpp' | 'scripted';
  readonly threads: number;
  readonly cells: number;
  readonly sequences: number;
  readonly batchTokens: number;
}

const adjustable = ['threads', 'cells', 'sequences', 'batchTokens'] as const;

/**
 * The server's options with those of one deployment (its column engine_options) on top. Throws on any other.
 */
export function resolveEngineOptions(
  defaults: EngineOptions,
  own: Readonly<Record<string, unknown>>,
): EngineOptions {
  for (const [name, value] of Object.entries(own)) {
    const isKnown = (adjustable as readonly string[]).includes(name);
    if (isKnown && Number.isInteger(value) && Number(value) > 0) continue;
    throw new Error(
      `engine_options has ${name} = ${JSON.stringify(value)}; it takes whole numbers for ${adjustable.join(', ')}`,
    );
  }
  return { ...defaults, ...own };
}
