import type { GenerationRequest } from '../../core/generation.ts';
import type { OutputParser } from '../../text/output-piece.ts';

/** How the answer is called, and what of it is shown. */
export interface AnswerPlan {
  readonly requestId: string;
  /** `id` of the response. */
  readonly responseId: string;
  /** `model` of the response: as the caller wrote it. */
  readonly model: string;
  readonly createdSeconds: number;
  readonly stream: boolean;
  readonly rawOutput: boolean;
  /** Chunks tell how many tokens they have, unless it is one. */
  readonly countsChunks: boolean;
  readonly returnTokenIds: boolean;
  readonly perfMetrics: boolean;
}

/** Everything decided about one HTTP request before the engine sees it. Nothing after this reads the body. */
export interface GenerationPlan extends AnswerPlan {
  /** One engine request each; choice c of prompt p is choice p * choicesPerPrompt + c of the response. */
  readonly prompts: readonly PromptPlan[];
  readonly choicesPerPrompt: number;
  readonly text: TextPlan;
  readonly logprobs: LogprobsPlan | null;
  /** Text of the grammar that constrains the answer, for raw_output. */
  readonly grammarText: string | null;
  /** Keywords of schemas that the answer is not held to, as `field#/pointer/keyword`. */
  readonly unenforced: readonly string[];
  readonly tokenizeMs: number;
}

export interface PromptPlan {
  readonly request: GenerationRequest;
  /** What went wrong in a grammar while an answer was written; the request fails with it. */
  readonly fault: () => Error | null;
  /** The pieces of the prompt, for raw_output; worked out only when asked for. */
  readonly fragments: () => (string | number)[];
  /** The part of the prompt that the answer repeats (echo), as places in the prompt. */
  readonly echoed: EchoPlan | null;
}

export interface EchoPlan {
  /** First prompt token that is repeated. */
  readonly from: number;
  /** A BOS token that the caller did not write is listed with the log probabilities but is no text. */
  readonly hiddenTokens: number;
}

/** How token ids become the text of a choice. */
export interface TextPlan {
  readonly stops: readonly string[];
  readonly excludeStop: boolean;
  /** Control tokens that stay in the text for the parser. */
  readonly markers: ReadonlySet<number>;
  /** One parser a choice. */
  readonly createParser: () => OutputParser;
  /** Text in front of the answer that the prompt already ended with (an opened `<think>`). */
  readonly lead: string;
}

/** `tokens`: OpenAI's objects; `arrays`: the older parallel arrays. */
export interface LogprobsPlan {
  readonly shape: 'tokens' | 'arrays';
  readonly alternatives: number;
}

/** Tokens of all prompts of a request. */
export function countPromptTokens({ prompts }: GenerationPlan): number {
  return prompts.reduce((sum, prompt) => sum + prompt.request.promptTokens.length, 0);
}
