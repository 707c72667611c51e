/** The package's public shape: a compiler (shared, cached) and a matcher (one per request and choice). */

/** The tokens a model can emit, as bytes. Prepared once per model. */
export interface Vocabulary {
  readonly size: number;
  /** Bytes of a token; empty for control tokens, which no grammar can match. */
  tokenBytes(token: number): Uint8Array;
  readonly endTokens: readonly number[];
}

export type GrammarSource =
  | { readonly kind: 'gbnf'; readonly text: string }
  | {
      readonly kind: 'json-schema';
      readonly schema: unknown;
      /** Refuse the schema if any of its keywords cannot be enforced. */
      readonly strict?: boolean;
      /** Further documents that `$ref` may lead to, by URI. */
      readonly documents?: Readonly<Record<string, unknown>>;
      /** A schema with `properties` allows no others unless it says so; true by default. */
      readonly closedByDefault?: boolean;
      /** `format` is enforced; true by default. */
      readonly assertFormats?: boolean;
    }
  /** Any JSON object. */
  | { readonly kind: 'json-object' }
  | { readonly kind: 'regex'; readonly pattern: string };

/** One keyword of a schema that the mask does not enforce. */
export interface UnenforcedKeyword {
  /** JSON pointer into the schema. */
  readonly path: string;
  readonly keyword: string;
  readonly reason: string;
}

/** What becomes of one keyword of a schema. */
export interface KeywordReport {
  /** JSON pointer of the schema that the keyword is in. */
  readonly path: string;
  readonly keyword: string;
  /** `annotation` restricts nothing by its nature; `unknown` is no keyword of JSON Schema. */
  readonly status: 'enforced' | 'unenforced' | 'annotation' | 'unknown';
  /** Why it is not enforced. */
  readonly reason?: string;
}

/** What compiling took; steps are the same on every machine. */
export interface CompileCost {
  readonly milliseconds: number;
  readonly steps: number;
  /** A schema or grammar that needs more is refused. */
  readonly stepsMax: number;
}

/**
 * A problem in a grammar or schema. `path` points into a schema; `line` and `column` (from 1) into a GBNF
 * text.
 */
export interface GrammarProblem {
  readonly message: string;
  readonly path?: string;
  readonly line?: number;
  readonly column?: number;
}

export interface CompiledGrammar {
  readonly unenforced: readonly UnenforcedKeyword[];
  /** Every keyword of the schema, in the order it is written; empty for other grammars. */
  describeKeywords(): KeywordReport[];
  readonly cost: CompileCost;
  /**
   * Situations it remembers by now, with what is allowed in each: some kilobytes apiece. It grows with the
   * texts that are written, without an end where rules depend on texts; who keeps a grammar bounds it.
   */
  readonly stateCount: number;
  createMatcher(): Matcher;
}

export interface Matcher {
  allows(token: number): boolean;
  fillMask(mask: Uint32Array): void;
  accept(token: number): boolean;
  forcedTokens(): readonly number[];
  rollback(count: number): void;
  readonly canEnd: boolean;
  readonly mustEnd: boolean;
  reset(): void;
}
