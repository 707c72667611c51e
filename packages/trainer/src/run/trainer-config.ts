/** The Python trainer, where it trains a job instead of the embedded one. */
export interface WorkerConfig {
  /** Program. */
  readonly python: string;
  readonly device: 'cuda' | 'cpu';
  /** 0: one a GPU. */
  readonly processes: number;
  /** Whether each process holds the base model, or a part of its layers; auto: by the memory of a GPU. */
  readonly strategy: 'auto' | 'ddp' | 'fsdp';
}

/** One job, resolved by the platform: no default is left to apply. Holds no secret. */
export interface TrainerConfig {
  readonly v: 1;
  readonly jobId: string;
  readonly base: {
    /** The GGUF file that is served. */
    readonly gguf: string;
    /** Written into adapter_config.json. */
    readonly name: string;
  };
  /** Folder of a PEFT adapter to go on from, or null. */
  readonly warmStart: string | null;
  readonly lora: { readonly rank: number; readonly alpha: number };
  readonly train: {
    readonly epochs: number;
    readonly learningRate: number;
    readonly warmupSteps: number;
    /** Tokens of a micro-batch. */
    readonly batchTokens: number;
    readonly accumulationSteps: number;
    readonly maxContextTokens: number;
    readonly weightDecay: number;
    readonly clipNorm: number;
    readonly seed: number;
  };
  readonly evaluation: {
    /** Optimiser steps between evaluations. */
    readonly everySteps: number;
    /** Stop after so many evaluations without a better loss; null: never. */
    readonly patience: number | null;
  };
  readonly checkpoint: { readonly everySteps: number; readonly keep: number };
  readonly data: {
    /** JSONL files. */
    readonly train: string;
    readonly evaluation: string | null;
    readonly carveOut: boolean;
    /** In place of the model's own template, or null. */
    readonly chatTemplate: string | null;
  };
  readonly threads: number;
  /** What the host had free when the job was started, and how that comes about; absent: not checked. */
  readonly freeMemory?: { readonly bytes: number; readonly arithmetic: string };
  /** 'bf16' is about twice as fast; 'f32' is for comparing with a reference. */
  readonly precision: 'bf16' | 'f32';
  /** Absent: the embedded trainer. */
  readonly worker?: WorkerConfig;
}
