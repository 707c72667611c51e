/** What the workers of this benchmark can be asked to do; llama-server the first and conversations. */
export type EngineCommand =
  /** `Throughput` over all streams, greedy, from the first submit to the last token. */
  | { readonly kind: 'throughput'; readonly streams: number; readonly tokens: number; readonly round: number }
  | OwnCommand;

/** Only our own engine answers these. */
export type OwnCommand =
  /** Time to the first token of a prompt with a long prefix that is in the cache, or not. */
  | {
      readonly kind: 'first-token';
      readonly prefixTokens: number;
      readonly isCached: boolean;
      readonly round: number;
    }
  /** Mean time of a decode step, and the part of it outside the native call. */
  | {
      readonly kind: 'step-overhead';
      readonly streams: number;
      readonly tokens: number;
      readonly temperature: number;
    }
  /** Whole time of many conversations over few slots' worth of cache. */
  | {
      readonly kind: 'conversations';
      readonly isCached: boolean;
      readonly count: number;
      readonly turns: number;
    }
  /** Decode steps and time of edits whose text is expected, not expected, or expected wrongly. */
  | { readonly kind: 'prediction'; readonly prediction: 'none' | 'edit' | 'wrong' }
  /**
   * Tokens and time of streams that use adapters in turn, all at once or one after the other; no adapters:
   * all use the base model.
   */
  | {
      readonly kind: 'adapters';
      readonly adapters: number;
      readonly streams: number;
      readonly atOnce: boolean;
      readonly tokens: number;
    }
  /** Steps from an abort to the end of its request. */
  | { readonly kind: 'abort' };

/** By the clock, and by the processor time of the contestant's process: that also holds on a busy machine. */
export interface Duration {
  readonly ms: number;
  readonly processorMs: number;
}

/** Over all streams, from the first submit to the last token. */
export interface Throughput extends Duration {
  readonly tokens: number;
}

export interface StepOverhead {
  readonly stepMs: number;
  readonly outsideMs: number;
}

export interface PredictionCost extends Duration {
  readonly steps: number;
}

/** Cells for the conversations: at their end each has about 380 tokens, so four of them fill this. */
export const conversationCells = 1536;

/** Different prompts for every stream and round: neither side may gain from having seen one. */
export function promptOf(stream: number, round: number): string {
  const topics = ['rivers', 'clocks', 'bread', 'trains', 'maps', 'glass', 'winter', 'bees'];
  const topic = topics[stream % topics.length];
  return `<|im_start|>user\nStory ${round}.${stream}: tell me about ${topic} at length.<|im_end|>\n<|im_start|>assistant\n`;
}
