import type { ModelDescription, ModelTokenizer, RunnerLimits } from '../../core/model-runner.ts';
import { ScriptedRunner } from './scripted-runner.ts';
import { createScriptedTokenizer, SCRIPTED_VOCABULARY_MIN } from './scripted-vocabulary.ts';
import { createHashScript, type Script } from './scripts.ts';

export interface ScriptedModelOptions {
  readonly limits?: Partial<RunnerLimits>;
  /** What the model says; by default text that depends on every token before it. */
  readonly script?: Script;
  /** Milliseconds one forward call takes, by its rows; default none. */
  readonly stepMs?: (rows: number) => number;
  /** False: forward says it took `stepMs` but returns at once, so that tests of costs need no time. */
  readonly takesTime?: boolean;
  readonly description?: Partial<ModelDescription>;
}

export interface ScriptedModel {
  readonly runner: ScriptedRunner;
  readonly tokenizer: ModelTokenizer;
  readonly description: ModelDescription;
}

const CHATML_TEMPLATE =
  "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}" +
  '{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}';

/**
 * Opens a deterministic model that needs no weights: for tests of everything above the runner and for
 * benchmarks.
 */
export function openScriptedModel(options: ScriptedModelOptions = {}): ScriptedModel {
  const limits: RunnerLimits = {
    cellsMax: 4096,
    sequencesMax: 16,
    batchTokensMax: 512,
    contextTokensMax: 4096,
    vocabularySize: SCRIPTED_VOCABULARY_MIN,
    embeddingSize: 16,
    canTrimSequences: true,
    ...options.limits,
  };
  if (limits.vocabularySize < SCRIPTED_VOCABULARY_MIN) {
    throw new RangeError(
      `vocabularySize is ${limits.vocabularySize}; it must be at least ${SCRIPTED_VOCABULARY_MIN}.`,
    );
  }
  return {
    runner: new ScriptedRunner({
      limits,
      script: options.script ?? createHashScript(),
      stepMs: options.stepMs ?? (() => 0),
      takesTime: options.takesTime ?? true,
    }),
    tokenizer: createScriptedTokenizer(limits.vocabularySize),
    description: {
      architecture: 'scripted',
      name: 'scripted',
      parameterCount: 0n,
      repackProblem: null,
      sizeBytes: 0,
      contextTokensMax: limits.contextTokensMax,
      chatTemplate: CHATML_TEMPLATE,
      pooling: 'mean',
      metadata: {},
      ...options.description,
    },
  };
}
