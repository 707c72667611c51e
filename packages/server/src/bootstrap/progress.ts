import type { FetchProgress } from '../catalogue/index.ts';

/** What a start tells while it goes on. */
export type StartEvent =
  /** A step began; the next one's beginning is its end. */
  | { readonly kind: 'step'; readonly step: StartStep; readonly text: string }
  /** The files of a model are on their way. */
  | { readonly kind: 'model-fetch'; readonly model: string; readonly progress: FetchProgress }
  /** A replica of the deployment reads its model; 0 to 1. */
  | { readonly kind: 'model-load'; readonly deployment: string; readonly fraction: number }
  /** Something to show to whoever watches; also in the log. */
  | { readonly kind: 'notice'; readonly level: 'info' | 'warn'; readonly text: string };

export type StartStep = 'data-folder' | 'postgres' | 'migrations' | 'accounts' | 'reconciler' | 'http';
export type StartListener = (event: StartEvent) => void;
