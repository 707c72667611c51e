import type { Matcher } from '@sparkler/grammar';
import type { Constraint } from '../../core/constraint.ts';
import type { ModelTokenizer } from '../../core/model-runner.ts';
import { forceOption, openOptions } from './open-options.ts';
import type { Stage } from './stage.ts';
import { findTokens, isBlank, readBytes, toByteText, trimBlanks } from './token-bytes.ts';
import { findTrigger, keepTail } from './triggers.ts';

/** A matcher and how far it really is; states remember how far it was. */
interface TrackedMatcher {
  readonly matcher: Matcher;
  depth: number;
}

/** Where the answer is. Never changed, so taking tokens back is going back to an earlier one. */
interface State {
  /** Index into the stages. */
  readonly stage: number;
  /** Tokens of the literal (or of the forced closing tag) that are written. */
  readonly written: number;
  readonly matcher: TrackedMatcher | null;
  readonly depth: number;
  /** End of a free text, as bytes: enough to see a tag or trigger begin. */
  readonly tail: string;
  readonly phase: 'before' | 'inside' | 'closing';
  readonly spent: number;
  /** Index of an option of a choice that begins with what is written. */
  readonly option: number;
}

const fresh = {
  option: 0,
  written: 0,
  matcher: null,
  depth: 0,
  tail: '',
  phase: 'before',
  spent: 0,
} as const;

/** A constraint made of stages. Every `allows`, `fillMask` and `accept` tell the same story. */
export class StagedConstraint implements Constraint {
  readonly #stages: readonly Stage[];
  readonly #tokenizer: ModelTokenizer;
  readonly #endTokens: ReadonlySet<number>;
  readonly #states: State[];

  constructor(stages: readonly Stage[], tokenizer: ModelTokenizer) {
    this.#stages = [...stages, { kind: 'end' }];
    this.#tokenizer = tokenizer;
    this.#endTokens = new Set(tokenizer.endTokens);
    this.#states = [this.#enter(0)];
  }

  get canEnd(): boolean {
    return this.#canEnd(this.#state);
  }

  get mustEnd(): boolean {
    return this.#stageOf(this.#state).kind === 'end';
  }

  allows(token: number): boolean {
    if (this.#endTokens.has(token)) return this.canEnd;
    return this.#tryStep(this.#state, token) !== null;
  }

  accept(token: number): boolean {
    if (this.#endTokens.has(token)) {
      if (!this.canEnd) return false;
      this.#states.push(this.#state);
      return true;
    }
    const next = this.#step(this.#state, token);
    if (next === null) return false;
    this.#states.push(next);
    return true;
  }

  rollback(count: number): void {
    if (count <= 0) return;
    this.#states.length -= count;
    this.#wind(this.#state);
  }

  forcedTokens(): readonly number[] {
    const state = this.#state;
    const stage = this.#stageOf(state);
    if (stage.kind === 'literal') return stage.tokens.slice(state.written);
    if (stage.kind === 'choice') return forceOption(stage.options, state);
    if (stage.kind === 'reasoning' && state.phase === 'closing')
      return stage.closingTokens.slice(state.written);
    const settled = stage.kind === 'grammar' && !this.#takesBlanks(stage, state) && !this.#mayLeave(state);
    return settled ? state.matcher!.matcher.forcedTokens() : [];
  }

  fillMask(mask: Uint32Array): void {
    mask.fill(0);
    this.#addAllowed(mask, this.#state);
    const { canEnd } = this;
    for (const token of this.#endTokens) {
      if (canEnd) setBit(mask, token);
      else mask[token >> 5]! &= ~(1 << (token & 31));
    }
  }

  get #state(): State {
    return this.#states.at(-1)!;
  }

  #stageOf(state: State): Stage {
    return this.#stages[state.stage]!;
  }

  /** Adds the tokens that a state allows; end tokens apart. */
  #addAllowed(mask: Uint32Array, state: State): void {
    const stage = this.#stageOf(state);
    switch (stage.kind) {
      case 'literal':
        setBit(mask, stage.tokens[state.written]!);
        break;
      case 'grammar':
        this.#addGrammar(mask, stage, state);
        break;
      case 'free':
        if (stage.triggers.some((trigger) => this.#isStrict(trigger.target ?? state.stage + 1)))
          this.#addByTrial(mask, state);
        else mask.fill(0xffff_ffff);
        break;
      case 'choice':
        for (const { tokens } of openOptions(stage.options, state)) setBit(mask, tokens[state.written]!);
        break;
      case 'reasoning':
        this.#addReasoning(mask, stage, state);
        break;
      case 'branch':
        setBit(mask, stage.token);
        this.#addAllowed(mask, this.#enter(state.stage + 1));
        break;
      default:
        break;
    }
  }

  #addGrammar(mask: Uint32Array, stage: Stage & { kind: 'grammar' }, state: State): void {
    this.#wind(state);
    const part = new Uint32Array(mask.length);
    state.matcher!.matcher.fillMask(part);
    part.forEach((word, place) => {
      mask[place]! |= word;
    });
    if (this.#takesBlanks(stage, state)) for (const token of this.#blanks()) setBit(mask, token);
    if (this.#mayLeave(state)) this.#addAllowed(mask, this.#enter(state.stage + 1));
  }

  #addReasoning(mask: Uint32Array, stage: Stage & { kind: 'reasoning' }, state: State): void {
    if (state.phase === 'closing') {
      setBit(mask, stage.closingTokens[state.written]!);
    } else if (!this.#isStrict(state.stage + 1)) {
      mask.fill(0xffff_ffff);
    } else if (state.phase === 'before' && isBlank(state.tail)) {
      // What follows may begin at once; trying all of its tokens one by one would take a grammar too long.
      this.#addAllowed(mask, this.#enter(state.stage + 1));
      for (const token of this.#openers(stage.open!)) setBit(mask, token);
    } else {
      this.#addByTrial(mask, state);
    }
  }

  /** Token by token: where a tag or trigger may be complete within a token, and what follows it matters. */
  #addByTrial(mask: Uint32Array, state: State): void {
    for (let token = 0; token < this.#tokenizer.vocabularySize; token++) {
      if (!this.#endTokens.has(token) && this.#tryStep(state, token) !== null) setBit(mask, token);
    }
  }

  /** Tokens of nothing but blanks. */
  #blanks(): readonly number[] {
    return findTokens(this.#tokenizer, 'blanks', (bytes) => bytes !== '' && isBlank(bytes));
  }

  /** Tokens that begin a tag, blanks in front included. */
  #openers(tag: string): readonly number[] {
    const open = toByteText(tag);
    const begins = (bytes: string) => {
      const lead = trimBlanks(bytes);
      return bytes !== '' && (open.startsWith(lead) || lead.startsWith(open));
    };
    return findTokens(this.#tokenizer, `openers of ${tag}`, begins);
  }

  /** Whether what comes behind a tag in the same token matters. */
  #isStrict(index: number): boolean {
    const stage = this.#stages[index]!;
    if (stage.kind === 'jump') return this.#isStrict(stage.target);
    return stage.kind !== 'free' && stage.kind !== 'end';
  }

  #takesBlanks(stage: Stage & { kind: 'grammar' }, state: State): boolean {
    return stage.leadingBlanks && state.depth === 0 && state.spent < LEADING_BLANKS_MAX;
  }

  /** Looks one token ahead and leaves every matcher where it was. */
  #tryStep(state: State, token: number): State | null {
    const next = this.#step(state, token);
    if (next !== null) this.#wind(state);
    return next;
  }

  /** Puts the matcher of a state back to where that state has it. */
  #wind(state: State): void {
    const tracked = state.matcher;
    if (tracked === null || tracked.depth === state.depth) return;
    tracked.matcher.rollback(tracked.depth - state.depth);
    tracked.depth = state.depth;
  }

  #step(state: State, token: number): State | null {
    const stage = this.#stageOf(state);
    switch (stage.kind) {
      case 'literal':
        return this.#stepLiteral(state, stage.tokens, token);
      case 'choice':
        return this.#stepChoice(state, stage, token);
      case 'grammar':
        return this.#stepGrammar(state, stage, token);
      case 'free':
        return this.#stepFree(state, stage, token);
      case 'reasoning':
        return this.#stepReasoning(state, stage, token);
      case 'branch':
        return this.#step(this.#enter(token === stage.token ? stage.target : state.stage + 1), token);
      default:
        return null;
    }
  }

  #stepLiteral(state: State, tokens: readonly number[], token: number): State | null {
    if (tokens[state.written] !== token) return null;
    if (state.written + 1 === tokens.length) return this.#enter(state.stage + 1);
    return { ...state, written: state.written + 1 };
  }

  #stepChoice(state: State, stage: Stage & { kind: 'choice' }, token: number): State | null {
    const option = openOptions(stage.options, state).find(({ tokens }) => tokens[state.written] === token);
    if (option === undefined) return null;
    const written = state.written + 1;
    if (written === option.tokens.length) return this.#enter(option.target);
    return { ...state, written, option: stage.options.indexOf(option) };
  }

  #stepGrammar(state: State, stage: Stage & { kind: 'grammar' }, token: number): State | null {
    const tracked = state.matcher!;
    this.#wind(state);
    if (tracked.matcher.accept(token)) {
      tracked.depth++;
      const next = { ...state, depth: tracked.depth };
      return tracked.matcher.mustEnd ? this.#enter(state.stage + 1) : next;
    }
    if (this.#takesBlanks(stage, state) && this.#blanks().includes(token)) {
      return { ...state, spent: state.spent + 1 };
    }
    return this.#mayLeave(state) ? this.#step(this.#enter(state.stage + 1), token) : null;
  }

  /** The grammar is satisfied and something else may follow. */
  #mayLeave(state: State): boolean {
    return this.#stages[state.stage + 1]?.kind !== 'end' && state.matcher?.matcher.canEnd === true;
  }

  #stepFree(state: State, stage: Stage & { kind: 'free' }, token: number): State | null {
    const { triggers } = stage;
    if (triggers.length === 0) return state;
    const text = state.tail + readBytes(this.#tokenizer, token);
    const found = findTrigger(triggers, text);
    if (found !== null) {
      const { trigger, end } = found;
      const behind = text.slice(end - toByteText(trigger.kept).length);
      return this.#feed(this.#enter(trigger.target ?? state.stage + 1), behind);
    }
    return { ...state, tail: keepTail(triggers, text) };
  }

  #stepReasoning(state: State, stage: Stage & { kind: 'reasoning' }, token: number): State | null {
    if (state.phase === 'closing') {
      if (stage.closingTokens[state.written] !== token) return null;
      if (state.written + 1 === stage.closingTokens.length) return this.#enter(state.stage + 1);
      return { ...state, written: state.written + 1 };
    }
    const text = state.tail + readBytes(this.#tokenizer, token);
    if (state.phase === 'before') return this.#stepBeforeReasoning(state, stage, token, text);
    return this.#stepInReasoning(state, stage, text, state.spent + 1);
  }

  #stepBeforeReasoning(
    state: State,
    stage: Stage & { kind: 'reasoning' },
    token: number,
    text: string,
  ): State | null {
    const lead = trimBlanks(text);
    const open = toByteText(stage.open!);
    if (lead.startsWith(open)) {
      return this.#stepInReasoning({ ...state, phase: 'inside' }, stage, lead.slice(open.length), 0);
    }
    if (open.startsWith(lead)) return { ...state, tail: text };
    // No reasoning at all. The token itself goes on, as it may be a part of a character only.
    if (isBlank(state.tail)) return this.#step(this.#enter(state.stage + 1), token);
    // A tag that has begun has to be finished where something strict follows.
    if (this.#isStrict(state.stage + 1)) return null;
    return this.#feed(this.#enter(state.stage + 1), text);
  }

  #stepInReasoning(
    state: State,
    stage: Stage & { kind: 'reasoning' },
    text: string,
    spent: number,
  ): State | null {
    const close = toByteText(stage.close);
    const place = text.indexOf(close);
    if (place >= 0) {
      const behind = text.slice(place + close.length);
      // Blanks behind the tag belong to it.
      return this.#feed(this.#enter(state.stage + 1), isBlank(behind) ? '' : behind);
    }
    const over = stage.budgetTokens !== null && spent >= stage.budgetTokens;
    return {
      ...state,
      tail: text.slice(-close.length),
      spent,
      phase: over ? 'closing' : 'inside',
      written: 0,
    };
  }

  /** Text that came in the same token as the end of the stage before. Null: it does not fit here. */
  #feed(state: State, bytes: string): State | null {
    if (bytes === '' || this.#stageOf(state).kind === 'end') return state;
    const text = Buffer.from(bytes, 'latin1').toString('utf8');
    const strict = this.#isStrict(state.stage);
    if (strict && text.includes('\ufffd')) return null;
    let next: State | null = state;
    for (const token of this.#tokenizer.encode(text, { addSpecial: false, parseSpecial: true })) {
      next = next === null ? null : this.#step(next, token);
    }
    return next;
  }

  #enter(index: number): State {
    const stage = this.#stages[index]!;
    if (stage.kind === 'jump') return this.#enter(stage.target);
    if (stage.kind === 'literal' && stage.tokens.length === 0) return this.#enter(index + 1);
    if (stage.kind === 'grammar') {
      return { ...fresh, stage: index, matcher: { matcher: stage.createMatcher(), depth: 0 } };
    }
    if (stage.kind === 'reasoning' && stage.open === null) {
      const phase = stage.budgetTokens === 0 ? 'closing' : 'inside';
      return { ...fresh, stage: index, phase };
    }
    return { ...fresh, stage: index };
  }

  /** An end token is allowed where nothing more is required. */
  #canEnd(state: State): boolean {
    const stage = this.#stageOf(state);
    switch (stage.kind) {
      case 'end':
      case 'free':
        return true;
      case 'grammar':
        return state.matcher!.matcher.canEnd && !this.#isStrict(state.stage + 1);
      case 'reasoning':
        return state.phase !== 'closing' && !this.#isStrict(state.stage + 1);
      default:
        return false;
    }
  }
}

/** Models write a line break or two in front of JSON, never a page of them. */
const LEADING_BLANKS_MAX = 8;

function setBit(mask: Uint32Array, token: number): void {
  mask[token >> 5]! |= 1 << (token & 31);
}
