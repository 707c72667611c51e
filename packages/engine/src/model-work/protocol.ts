import type { Quantization } from '@sparkler/llama';

/**
 * What the model-work process can do with the files of a model. The caller sends one task as a line of JSON
 * on standard input and gets one line back. A process of its own, because files come from anyone: whatever
 * they do to the native library, to memory or to time ends this process and nothing else.
 */
export type ModelTask =
  /** Checks a base model: a Hugging Face folder or one with a GGUF file. */
  | { readonly task: 'check-model'; readonly folder: string; readonly name: string }
  /** Checks a PEFT folder, against its base model where that is at hand. */
  | { readonly task: 'check-adapter'; readonly folder: string; readonly base: BaseFiles | null }
  /** Checks the text of a config.json. */
  | { readonly task: 'check-config'; readonly config: string }
  /** Writes a Hugging Face folder as one GGUF file. */
  | { readonly task: 'convert'; readonly folder: string; readonly target: string; readonly name: string }
  | {
      readonly task: 'quantize';
      readonly source: string;
      readonly target: string;
      readonly to: Quantization;
      readonly threads: number;
    }
  /** Adds an adapter (a PEFT folder) into its base model (a GGUF file). */
  | {
      readonly task: 'merge';
      readonly base: string;
      readonly adapter: string;
      readonly target: string;
      readonly threads: number;
    };

/** Where the base model of an adapter lies. */
export interface BaseFiles {
  readonly path: string;
  readonly format: 'gguf' | 'hugging-face';
}

/** One thing that is wrong with a file: the file, and what to do. */
export interface ModelProblem {
  /** Empty when no single file is at fault. */
  readonly file: string;
  readonly message: string;
}

export interface ModelFacts {
  readonly format: 'gguf' | 'hugging-face';
  /** GGUF file of the folder, for that format. */
  readonly file: string | null;
  readonly architecture: string;
  readonly parameterCount: number;
  readonly contextLength: number;
  readonly hasChatTemplate: boolean;
  readonly isEmbedding: boolean;
  readonly isMoe: boolean;
  /** Type of most matrices: f32, f16, bf16, q8_0 and so on. */
  readonly weightType: string;
}

export interface AdapterFileFacts {
  readonly rank: number;
  readonly targetModules: readonly string[];
  /** As the adapter names it; a hint only. */
  readonly baseModel: string | null;
  /** Whether shapes were compared with the base model. */
  readonly isCheckedAgainstBase: boolean;
  /** Of fireworks.json. */
  readonly conversationConfig: { readonly style: string; readonly template: string } | null;
}

export type ModelReply =
  | {
      readonly type: 'done';
      readonly result: ModelFacts | AdapterFileFacts | { readonly bytes: number } | null;
    }
  | { readonly type: 'refused'; readonly problems: readonly ModelProblem[] };
