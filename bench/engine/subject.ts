import type { Engine } from '../../packages/engine/src/core/engine.ts';
import type { StepRecord } from '../../packages/engine/src/core/engine-observer.ts';

/** Our engine with SmolLM2 open, as the measurements get it. */
export interface Subject {
  readonly engine: Engine;
  readonly modelPath: string;
  readonly endToken: number;
  /** Text to ids, control tokens as such. */
  readonly encode: (text: string) => number[];
  /** Calls back for every step of the loop; returns the function that ends it. */
  readonly watchSteps: (watch: (record: StepRecord) => void) => () => void;
}
