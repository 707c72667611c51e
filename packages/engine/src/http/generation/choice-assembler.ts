import type { EndReason, PromptLogprob, TokenAlternative } from '../../core/generation.ts';
import type { ModelTokenizer } from '../../core/model-runner.ts';
import { joinPieces, type OutputPiece } from '../../text/output-piece.ts';
import { countCharacters, createChoiceText } from '../../text/token-text.ts';
import { createUtf8Stream } from '../../text/utf8-stream.ts';
import type { EchoPlan, TextPlan } from './generation-plan.ts';

/** One token of the answer (or of the echoed prompt) with what was asked about it. */
export interface AnswerToken {
  readonly token: number;
  /** Null for the first token of a prompt, which follows nothing. */
  readonly logprob: number | null;
  readonly alternatives: readonly TokenAlternative[];
  /** Characters of text in front of it. */
  readonly offset: number;
}

/** What one event adds to a choice. */
export interface ChoiceDelta {
  readonly pieces: readonly OutputPiece[];
  /** Tokens of the answer, and of the prompt when it is echoed. */
  readonly tokens: readonly AnswerToken[];
}

export type FinishReason = EndReason | 'tool_calls';

/** Turns the tokens of one choice into pieces of answer. */
export class ChoiceAssembler {
  /** Tokens generated, in order. */
  readonly tokens: number[] = [];
  reasoningTokens = 0;
  readonly #tokenizer: ModelTokenizer;
  readonly #plan: TextPlan;
  readonly #text;
  readonly #parser;
  /** Characters of the echoed prompt. */
  #echoLength = 0;
  #started = false;
  #stopped = false;
  #called = false;

  constructor(tokenizer: ModelTokenizer, plan: TextPlan) {
    this.#tokenizer = tokenizer;
    this.#plan = plan;
    this.#text = createChoiceText(tokenizer, plan);
    this.#parser = plan.createParser();
  }

  /** The repeated prompt. Call before any token. */
  echo(
    promptTokens: readonly number[],
    echo: EchoPlan,
    logprobs: readonly (PromptLogprob | null)[],
  ): ChoiceDelta {
    const utf8 = createUtf8Stream();
    const tokens: AnswerToken[] = [];
    let text = '';
    for (let place = echo.from; place < promptTokens.length; place++) {
      const token = promptTokens[place]!;
      const known = logprobs[place];
      const offset = countCharacters(text);
      tokens.push({
        token,
        logprob: known?.logprob ?? null,
        alternatives: known?.alternatives ?? [],
        offset,
      });
      if (place >= echo.hiddenTokens) text += utf8.push(this.#tokenizer.tokenBytes(token, true));
    }
    text += utf8.end();
    this.#echoLength = countCharacters(text);
    return { pieces: text === '' ? [] : [{ type: 'content', text }], tokens };
  }

  push(token: number, logprob: number | null, alternatives: readonly TokenAlternative[]): ChoiceDelta {
    const offset = this.#echoLength + this.#text.offset;
    this.tokens.push(token);
    if (this.#parser.inReasoning) this.reasoningTokens++;
    const pieces = this.#start();
    // Nothing of the text counts behind a stop string, whatever else the engine still had under way.
    if (!this.#stopped) {
      const { text, stop } = this.#text.push(token);
      this.#stopped = stop !== null;
      pieces.push(...this.#parser.push(text));
    }
    return { pieces: this.#note(pieces), tokens: [{ token, logprob, alternatives, offset }] };
  }

  end(reason: EndReason): { delta: ChoiceDelta; finish: FinishReason } {
    const pieces = this.#start();
    if (!this.#stopped) pieces.push(...this.#parser.push(this.#text.end()));
    pieces.push(...this.#parser.end());
    const delta = { pieces: this.#note(pieces), tokens: [] };
    // A call cut off by the token limit is still a 'length': the caller must not run half a call.
    return { delta, finish: this.#called && reason === 'stop' ? 'tool_calls' : reason };
  }

  /** The lead belongs in front of the first piece only. */
  #start(): OutputPiece[] {
    if (this.#started) return [];
    this.#started = true;
    return this.#plan.lead === '' ? [] : [{ type: 'content', text: this.#plan.lead }];
  }

  #note(pieces: OutputPiece[]): OutputPiece[] {
    if (pieces.some((piece) => piece.type === 'call-start')) this.#called = true;
    return joinPieces(pieces);
  }
}
