import type { GenerationEngine } from '../core/generation.ts';
import type { LoadedAdapter, ModelRunner } from '../core/model-runner.ts';
import type { GrammarCompiler } from '../text/constraint/grammar-compiler.ts';
import type { EngineMetrics } from './engine-metrics.ts';
import type { RequestUsage } from './request-usage.ts';
import type { ServedModel } from './served-model.ts';

/** Adapters that change while the engine serves. */
export interface AdapterHost {
  /** Loads (or replaces) an adapter once nothing uses the old one. Rejects with AdapterError. */
  loadAdapter(id: string, path: string): Promise<LoadedAdapter>;
  /** Waits until nothing uses it. */
  unloadAdapter(id: string): Promise<void>;
}

/** What the routes work on. */
export interface HttpContext {
  readonly model: ServedModel;
  /** Null for encoders, which embed or rank and do not generate. */
  readonly engine: GenerationEngine | null;
  readonly adapters: AdapterHost | null;
  readonly runner: ModelRunner;
  /** Longest input to embed or to rank. */
  readonly embeddingTokensMax: number;
  readonly grammars: GrammarCompiler;
  readonly metrics: EngineMetrics;
  readonly requestUsage: RequestUsage;
  readonly keepAliveMs: number;
  readonly bodyBytesMax: number;
}
