import type { ModelTokenizer } from '../../core/model-runner.ts';
import type { Stage } from '../../text/constraint/stage.ts';
import type { AnswerFormat } from './answer-format.ts';

/**
 * Stages one after the other. Targets count from the beginning of each part; its length is what follows it.
 */
export function joinStages(...parts: readonly (readonly Stage[])[]): Stage[] {
  const joined: Stage[] = [];
  for (const part of parts) {
    joined.push(...shiftStages(part, joined.length));
  }
  return joined;
}

/** Stages whose targets count from so many stages in front of them. */
export function shiftStages(stages: readonly Stage[], by: number): Stage[] {
  return stages.map((stage) => shiftTargets(stage, by));
}

function shiftTargets(stage: Stage, by: number): Stage {
  switch (stage.kind) {
    case 'branch':
    case 'jump':
      return { ...stage, target: stage.target + by };
    case 'choice':
      return {
        ...stage,
        options: stage.options.map((option) => ({ ...option, target: option.target + by })),
      };
    case 'free': {
      const triggers = stage.triggers.map((trigger) =>
        trigger.target === undefined ? trigger : { ...trigger, target: trigger.target + by },
      );
      return { ...stage, triggers };
    }
    default:
      return stage;
  }
}

export function grammarStage(grammar: AnswerFormat['grammar'], leadingBlanks: boolean): Stage {
  return { kind: 'grammar', createMatcher: () => grammar.createMatcher(), leadingBlanks };
}

/** A text, control tokens written in it included, token by token. */
export function literal(text: string, tokenizer: ModelTokenizer): Stage & { kind: 'literal' } {
  return { kind: 'literal', tokens: tokenizer.encode(text, { addSpecial: false, parseSpecial: true }) };
}
