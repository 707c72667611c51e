import { GrammarError } from '../grammar-error.ts';
import type { Cfg, CfgSymbol } from './cfg.ts';

/** No symbol follows the dot. */
export const NO_SYMBOL = 0x7fff_ffff;

/**
 * Places inside the rules of a grammar ("dotted rules"), numbered. A repetition counts in its dots, so
 * `{0,1000}` costs a thousand numbers and no rules of its own; without an upper bound the count stops at the
 * lower one.
 */
export interface CfgDots {
  /** Symbol after the dot, or NO_SYMBOL. */
  readonly symbols: Int32Array;
  /** The dot after that symbol. */
  readonly advances: Int32Array;
  /** 1 where the rule may be complete. */
  readonly completes: Uint8Array;
  /** Dots each rule starts with. */
  readonly starts: readonly (readonly number[])[];
  /** Whether each rule matches the empty string. */
  readonly nullable: readonly boolean[];
}

const DOTS_MAX = 1_000_000;

/** Numbers the dots, leaving out alternatives that can match nothing. */
export function numberDots(grammar: Cfg): CfgDots {
  const productive = findProductive(grammar);
  if (!productive[grammar.root]) {
    throw new GrammarError({ message: 'no text matches the grammar: every way through "root" is endless' });
  }
  const symbols: number[] = [];
  const advances: number[] = [];
  const completes: number[] = [];
  const starts: number[][] = grammar.rules.map(() => []);
  const add = (symbol: number, advance: number, complete: boolean) => {
    symbols.push(symbol);
    advances.push(advance);
    completes.push(complete ? 1 : 0);
    if (symbols.length > DOTS_MAX) throw new GrammarError({ message: 'the grammar repeats too much' });
  };
  grammar.rules.forEach((rule, index) => {
    if (!productive[index]) return;
    if (rule.kind === 'choice') {
      for (const alternative of rule.alternatives) {
        if (!alternative.every((symbol) => isProductive(grammar, productive, symbol))) continue;
        starts[index]!.push(symbols.length);
        for (const symbol of alternative) add(symbol, symbols.length + 1, false);
        add(NO_SYMBOL, -1, true);
      }
      return;
    }
    const { symbol, min, max } = rule;
    starts[index]!.push(symbols.length);
    const least = isProductive(grammar, productive, symbol) ? min : 0;
    const last = isProductive(grammar, productive, symbol) ? (max === Infinity ? min : max) : 0;
    for (let count = 0; count <= last; count++) {
      const at = symbols.length;
      const goesOn = count < last || (max === Infinity && last === min && least === min);
      const taken = goesOn && isProductive(grammar, productive, symbol);
      add(taken ? symbol : NO_SYMBOL, count < last ? at + 1 : at, count >= least);
    }
  });
  return {
    symbols: Int32Array.from(symbols),
    advances: Int32Array.from(advances),
    completes: Uint8Array.from(completes),
    starts,
    nullable: findNullable(grammar),
  };
}

function isProductive(grammar: Cfg, productive: readonly boolean[], symbol: CfgSymbol): boolean {
  return symbol >= 0 ? grammar.sets[symbol]!.length > 0 : productive[~symbol]!;
}

/** Rules that match at least one text. */
function findProductive(grammar: Cfg): boolean[] {
  return settle(grammar, (known, symbol) => isProductive(grammar, known, symbol));
}

function findNullable(grammar: Cfg): boolean[] {
  return settle(grammar, (known, symbol) => symbol < 0 && known[~symbol]!);
}

/** The least fixpoint of "some alternative has only symbols that hold". */
function settle(grammar: Cfg, holds: (known: readonly boolean[], symbol: CfgSymbol) => boolean): boolean[] {
  const users: number[][] = grammar.rules.map(() => []);
  grammar.rules.forEach((rule, index) => {
    const symbols = rule.kind === 'repeat' ? [rule.symbol] : rule.alternatives.flat();
    for (const symbol of symbols) if (symbol < 0) users[~symbol]!.push(index);
  });
  const known = grammar.rules.map(() => false);
  const pending = grammar.rules.map((_, index) => index);
  for (let index = pending.pop(); index !== undefined; index = pending.pop()) {
    if (known[index]) continue;
    const rule = grammar.rules[index]!;
    const now =
      rule.kind === 'repeat'
        ? rule.min === 0 || holds(known, rule.symbol)
        : rule.alternatives.some((alternative) => alternative.every((symbol) => holds(known, symbol)));
    if (!now) continue;
    known[index] = true;
    pending.push(...users[index]!);
  }
  return known;
}
