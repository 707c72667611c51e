import type { Matcher } from '@sparkler/grammar';

/**
 * What an answer consists of, one stage after the other. A grammar alone can't say "free reasoning, then
 * JSON" or "text, but once a call begins its arguments fit the schema", nor can it match control tokens;
 * stages do.
 */
export type Stage =
  /** Exactly these tokens. */
  | { readonly kind: 'literal'; readonly tokens: readonly number[] }
  /** What a compiled grammar matches. */
  | {
      readonly kind: 'grammar';
      readonly createMatcher: () => Matcher;
      /** Blanks in front are not the grammar's business. */
      readonly leadingBlanks: boolean;
    }
  /** Any text. It ends where a trigger is complete; without triggers nothing follows. */
  | { readonly kind: 'free'; readonly triggers: readonly Trigger[] }
  /** One of a few runs of tokens, each of which leads to a stage of its own. */
  | {
      readonly kind: 'choice';
      readonly options: readonly { readonly tokens: readonly number[]; readonly target: number }[];
    }
  /** Reasoning between its tags, at most so many tokens; then the closing tag is forced. */
  | {
      readonly kind: 'reasoning';
      /**
       * Null: the prompt (or a literal) has opened it. Else the answer may begin with this tag, or do
       * without.
       */
      readonly open: string | null;
      readonly close: string;
      readonly closingTokens: readonly number[];
      readonly budgetTokens: number | null;
    }
  /** Goes to `target` if the answer begins with this token, otherwise to the next stage. */
  | { readonly kind: 'branch'; readonly token: number; readonly target: number }
  /** Goes on at another stage. */
  | { readonly kind: 'jump'; readonly target: number }
  /** The answer is over. */
  | { readonly kind: 'end' };

export interface Trigger {
  readonly text: string;
  /** Only at the very beginning of the text. */
  readonly onlyFirst: boolean;
  /** End of the text that the stage behind it begins with. */
  readonly kept: string;
  /** Stage that follows; the next one if there is none. */
  readonly target?: number;
}
