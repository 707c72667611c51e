/** Bounds that keep a hostile grammar or schema from costing more than a moment. */
export interface GrammarLimits {
  /** Characters of a GBNF text or a pattern. */
  readonly sourceCharsMax: number;
  /** Distinct (sub)schemas, after intersections, that one schema may unfold into. */
  readonly schemaNodesMax: number;
  /** Alternatives one value may have after `anyOf`, `oneOf`, `not` and `allOf` are multiplied out. */
  readonly casesMax: number;
  /** Units of work (derivatives, clause intersections, closure steps) allowed while compiling. */
  readonly compileStepsMax: number;
  /** Units of work allowed for one call of a matcher. */
  readonly matchStepsMax: number;
  /** Nested groups in a GBNF text or pattern, nested arrays and objects in a schema text. */
  readonly nestingMax: number;
}

export const DEFAULT_LIMITS: GrammarLimits = {
  sourceCharsMax: 262_144,
  schemaNodesMax: 20_000,
  casesMax: 192,
  compileStepsMax: 400_000,
  matchStepsMax: 1_000_000,
  nestingMax: 200,
};
