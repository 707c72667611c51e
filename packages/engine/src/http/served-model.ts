import type { ModelDescription, ModelTokenizer, OpenModel, RunnerLimits } from '../core/model-runner.ts';
import { type ChatFormat, openChatFormat } from '../text/chat-template/chat-format.ts';
import { type ControlTokens, readControlTokens } from '../text/control-tokens.ts';

/** The model as the HTTP side sees it: names, text, limits. */
export interface ServedModel {
  /** What requests call it. */
  readonly name: string;
  readonly description: ModelDescription;
  readonly tokenizer: ModelTokenizer;
  readonly limits: RunnerLimits;
  readonly controls: ControlTokens;
  readonly chat: ChatFormat;
  /** Longest sequence, prompt and answer together: what the model was trained for or the cache holds. */
  readonly contextTokens: number;
  /** Bytes of the longest token: no text has fewer tokens than its length divided by it. */
  readonly tokenBytesMax: number;
  /** What the model file recommends, else 1. */
  readonly defaultTemperature: number;
  readonly startedSeconds: number;
}

export interface ServedModelOptions {
  readonly name: string;
  /** Jinja source that replaces the model's own template. */
  readonly chatTemplate: string | null;
  /** Family of tool-call syntax, or null to tell it from the template. */
  readonly toolFormat: string | null;
}

/**
 * Reads once what every request needs: control tokens and the chat template. Throws if the template is
 * broken.
 */
export function describeServedModel(model: OpenModel, options: ServedModelOptions): ServedModel {
  const { tokenizer, description } = model;
  const { limits } = model.runner;
  const controls = readControlTokens(tokenizer);
  return {
    name: options.name,
    description,
    tokenizer,
    limits,
    controls,
    chat: openChatFormat({
      source: options.chatTemplate ?? description.chatTemplate,
      tokenizer,
      toolFormat: options.toolFormat,
    }),
    contextTokens: Math.min(limits.contextTokensMax, limits.cellsMax),
    tokenBytesMax: measureLongestToken(tokenizer),
    defaultTemperature: readTemperature(description.metadata['general.sampling.temp']),
    startedSeconds: Math.floor(Date.now() / 1000),
  };
}

/** Within the API's range; a file that says something else is not followed. */
function readTemperature(stored: string | undefined): number {
  const value = stored === undefined ? Number.NaN : Number(stored);
  return value >= 0 && value <= 2 ? value : 1;
}

function measureLongestToken(tokenizer: ModelTokenizer): number {
  let longest = 1;
  for (let token = 0; token < tokenizer.vocabularySize; token++) {
    longest = Math.max(longest, tokenizer.tokenBytes(token, true).length);
  }
  return longest;
}
