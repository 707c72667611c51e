export interface MemoryQuestion {
  /** 0: unknown. */
  readonly parameterCount: number;
  /** A word of the API's Precision. */
  readonly precision: string;
  readonly longPrompt: boolean;
  /** Of one accelerator. */
  readonly memoryGb: number;
}

export interface MemoryPlan {
  /** Fewest accelerators that hold the model. */
  readonly count: number;
  /** How that came about, for people. */
  readonly arithmetic: string;
}

/** Beside the weights: cache and working memory, at the least. */
const overhead = 1.2;

/**
 * How many accelerators a model needs: its weights at the precision, and a fifth more; twice that, and two
 * accelerators at least, for long prompts (spec, "Optimizing your deployments for long context"). Pure.
 */
export function planMemory({ parameterCount, precision, longPrompt, memoryGb }: MemoryQuestion): MemoryPlan {
  const bytes = /^(NF4|FP4)/.test(precision) ? 0.5 : precision.startsWith('FP8') ? 1 : 2;
  const neededGb = (parameterCount * bytes * overhead * (longPrompt ? 2 : 1)) / 1e9;
  const count = Math.max(Math.ceil(neededGb / memoryGb), longPrompt ? 2 : 1);
  const billions = (parameterCount / 1e9).toFixed(1);
  const twice = longPrompt ? ' x 2 for long prompts' : '';
  const product = `${billions}B parameters x ${bytes} bytes x ${overhead}${twice}`;
  return {
    count,
    arithmetic: `${product} = ${neededGb.toFixed(1)} GB, at ${memoryGb} GB each ${count} are needed`,
  };
}
