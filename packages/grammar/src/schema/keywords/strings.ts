import { compileSearch } from '../../regex/compile-pattern.ts';
import { PatternError } from '../../regex/pattern-error.ts';
import type { RegexNode } from '../../regex/regex-node.ts';
import { formatRegex } from '../formats.ts';
import { failKeyword, type Keyword, type KeywordScene, readCount, toValues } from '../keyword.ts';

/** `minLength` */
export const minLengthKeyword: Keyword = (scene) => {
  const count = readCount(scene, 'minLength');
  if (count === undefined) return null;
  const { pool } = scene.engine;
  return toValues(scene.sets.except({ strings: pool.repeat(pool.anyChar, count, Infinity) }));
};

/** `maxLength` */
export const maxLengthKeyword: Keyword = (scene) => {
  const count = readCount(scene, 'maxLength');
  if (count === undefined) return null;
  const { pool } = scene.engine;
  return toValues(scene.sets.except({ strings: pool.repeat(pool.anyChar, 0, count) }));
};

/** `pattern` */
export const patternKeyword: Keyword = (scene) => {
  const { pattern } = scene.schema;
  if (pattern === undefined) return null;
  if (typeof pattern !== 'string') return failKeyword(scene, 'pattern', 'must be a string');
  const strings = compilePattern(scene, 'pattern', pattern);
  return strings === null ? null : toValues(scene.sets.except({ strings }));
};

/** `format`, where it is asserted */
export const formatKeyword: Keyword = (scene) => {
  const { format } = scene.schema;
  if (format === undefined) return null;
  if (typeof format !== 'string') return failKeyword(scene, 'format', 'must be a string');
  if (!scene.assertFormats) return null;
  const strings = formatRegex(scene.engine.pool, format);
  if (strings !== null) return toValues(scene.sets.except({ strings }));
  scene.noteKeyword('format', `"${format}" is not a format known here`);
  return null;
};

/** `contentEncoding`, `contentMediaType` and `contentSchema` */
export const contentKeyword: Keyword = (scene) => {
  for (const keyword of ['contentEncoding', 'contentMediaType', 'contentSchema']) {
    if (scene.schema[keyword] === undefined) continue;
    scene.noteKeyword(keyword, 'what a string encodes is not looked into');
  }
  return null;
};

/** The language of a pattern; null, and noted, where it is beyond automata. */
export function compilePattern(scene: KeywordScene, keyword: string, pattern: string): RegexNode | null {
  try {
    return compileSearch(scene.engine.pool, pattern, scene.nestingMax);
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    if (!error.unsupported) failKeyword(scene, keyword, `has a wrong pattern: ${error.message}`);
    scene.dropKeyword(keyword, `pattern with ${error.message}`);
    return null;
  }
}
