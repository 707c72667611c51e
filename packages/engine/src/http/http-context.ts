import type { GenerationEngine } from '../core/generation.ts';
import type { ModelRunner } from '../core/model-runner.ts';
import type { ServedModel } from './served-model.ts';

/** What the routes work on. */
export interface HttpContext {
  readonly model: ServedModel;
  readonly engine: GenerationEngine;
  readonly runner: ModelRunner;
  readonly keepAliveMs: number;
  readonly bodyBytesMax: number;
}
