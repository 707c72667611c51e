import type { DatasetReport } from '../data/dataset-report.ts';
import type { JobPreview } from './preview-job.ts';

/** What a trainer tells while it works: one JSON object a line, on file descriptor 3 and in events.jsonl. */
export type TrainerEvent =
  | {
      readonly type: 'started';
      readonly engine: string;
      readonly device: string;
      readonly pid: number;
      readonly trainableParameters: number;
      readonly totalSteps: number;
      readonly totalTokens: number;
      readonly resumedFromStep: number | null;
    }
  | { readonly type: 'report'; readonly report: DatasetReport }
  /**
   * Answer to --preview, on file descriptor 3 alone: it holds text of examples. The speed of a thread in
   * operations a second, where it was asked for.
   */
  | { readonly type: 'preview'; readonly preview: JobPreview; readonly flopsPerThread: number | null }
  | {
      readonly type: 'progress';
      readonly step: number;
      readonly totalSteps: number;
      readonly epoch: number;
      readonly percent: number;
      readonly etaSeconds: number;
      readonly tokensSeen: number;
      readonly tokensPerSecond: number;
    }
  | {
      readonly type: 'metric';
      readonly step: number;
      readonly epoch: number;
      readonly trainLoss: number;
      readonly trainMeanTokenAccuracy: number;
      readonly learningRate: number;
      readonly gradientNorm: number;
      readonly lossTokens: number;
    }
  | {
      readonly type: 'eval';
      readonly step: number;
      readonly evalLoss: number;
      readonly evalMeanTokenAccuracy: number;
      readonly best: boolean;
    }
  | { readonly type: 'checkpoint'; readonly step: number; readonly path: string }
  | { readonly type: 'message'; readonly level: 'info' | 'warning'; readonly text: string }
  | { readonly type: 'heartbeat' }
  | {
      readonly type: 'done';
      readonly status: 'completed' | 'early_stopped' | 'cancelled' | 'paused';
      readonly bestStep: number | null;
      readonly files: readonly string[];
    }
  | {
      readonly type: 'error';
      readonly code: TrainerErrorCode;
      readonly message: string;
      readonly retryable: boolean;
    };

export type TrainerErrorCode =
  | 'BAD_CONFIG'
  | 'BAD_DATA'
  | 'OOM'
  | 'NAN_LOSS'
  | 'UNSUPPORTED_MODEL'
  | 'IO'
  | 'INTERNAL';

/** Exit status of the process, by how the run ended. */
export const exitCodes = {
  done: 0,
  badConfig: 2,
  badData: 3,
  outOfMemory: 4,
  failed: 1,
  /** Stopped with a checkpoint: start it again with --resume. */
  paused: 75,
  cancelled: 130,
} as const;

/** A failure with the code that a supervisor acts on. */
export class TrainerError extends Error {
  override name = 'TrainerError';
  readonly code: TrainerErrorCode;

  constructor(code: TrainerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export type EmitEvent = (event: TrainerEvent) => void;
