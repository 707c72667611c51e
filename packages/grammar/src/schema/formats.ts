import { compileWhole } from '../regex/compile-pattern.ts';
import type { RegexNode } from '../regex/regex-node.ts';
import type { RegexPool } from '../regex/regex-pool.ts';
import { FORMAT_PATTERNS } from './format-patterns.ts';

/** The strings of a format; null for a format not known. */
export function formatRegex(pool: RegexPool, format: string): RegexNode | null {
  const patterns = Object.hasOwn(FORMAT_PATTERNS, format) ? FORMAT_PATTERNS[format]! : null;
  if (patterns === null) return null;
  return pool.and(patterns.map((pattern) => compileWhole(pool, pattern, 50)));
}
