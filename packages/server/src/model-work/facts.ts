/** What a check of model files found, as the process tells it and as the column `models.weights` keeps it. */
export interface ModelFacts {
  readonly format: 'gguf' | 'hugging-face';
  /** GGUF file below the blob prefix, for that format. */
  readonly file: string | null;
  readonly architecture: string;
  readonly parameterCount: number;
  readonly contextLength: number;
  readonly hasChatTemplate: boolean;
  readonly isEmbedding: boolean;
  readonly isMoe: boolean;
  readonly weightType: string;
}

export interface AdapterFacts {
  readonly format: 'peft';
  readonly rank: number;
  readonly targetModules: readonly string[];
  readonly baseModel: string | null;
  readonly isCheckedAgainstBase: boolean;
  readonly conversationConfig: { readonly style: string; readonly template: string } | null;
}

export type WeightFacts = ModelFacts | AdapterFacts;
