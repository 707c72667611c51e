import { Format } from 'typebox/format';
import {
  describe,
  hasType,
  joinPath,
  nameType,
  type PlainSchema,
  type Problem,
  quote,
  suits,
} from './problem.ts';
import { suggestWord } from './suggest-word.ts';

/**
 * The first thing wrong with a value, or null if it fits. Slower than the compiled check and run only after
 * that has failed. Goes no deeper than the schema, so no value can overflow the stack. Values of strings are
 * never quoted back: they may be prompts.
 */
export function findProblem(schema: PlainSchema, value: unknown, path = ''): Problem | null {
  const problem = schema.anyOf
    ? findUnionProblem(schema, value, path)
    : findPlainProblem(schema, value, path);
  if (problem && problem.field === path && schema['x-rule'] !== undefined) {
    return complain(path, schema['x-rule']);
  }
  return problem;
}

function findPlainProblem(schema: PlainSchema, value: unknown, path: string): Problem | null {
  if ('const' in schema && value !== schema.const) return mismatch(schema, value, path);
  if (schema.enum && !schema.enum.includes(value)) return mismatch(schema, value, path);
  if (schema.type !== undefined && !hasType(value, schema.type)) return mismatch(schema, value, path);
  return (
    findRangeProblem(schema, value, path) ??
    findTextProblem(schema, value, path) ??
    findArrayProblem(schema, value, path) ??
    findObjectProblem(schema, value, path) ??
    findRefinementProblem(schema, value, path)
  );
}

function findRangeProblem(schema: PlainSchema, value: unknown, path: string): Problem | null {
  if (typeof value !== 'number') return null;
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema;
  if (minimum !== undefined && value < minimum)
    return complain(path, `must be at least ${minimum}, not ${value}`);
  if (maximum !== undefined && value > maximum)
    return complain(path, `must be at most ${maximum}, not ${value}`);
  if (exclusiveMinimum !== undefined && value <= exclusiveMinimum) {
    return complain(path, `must be more than ${exclusiveMinimum}, not ${value}`);
  }
  if (exclusiveMaximum !== undefined && value >= exclusiveMaximum) {
    return complain(path, `must be less than ${exclusiveMaximum}, not ${value}`);
  }
  return null;
}

function findTextProblem(schema: PlainSchema, value: unknown, path: string): Problem | null {
  if (typeof value !== 'string') return null;
  const { minLength, maxLength, pattern } = schema;
  if (minLength !== undefined && [...value].length < minLength) {
    return complain(
      path,
      minLength === 1 ? 'must not be empty' : `must have at least ${minLength} characters`,
    );
  }
  if (maxLength !== undefined && value.length > maxLength && [...value].length > maxLength) {
    return complain(path, `must have at most ${maxLength} characters, not ${[...value].length}`);
  }
  if (pattern !== undefined && !new RegExp(pattern, 'u').test(value)) {
    return complain(path, `must match ${pattern}`);
  }
  if (schema.format !== undefined && !Format.Test(schema.format, value)) {
    return complain(path, `must be a ${schema.format}`);
  }
  return null;
}

function findArrayProblem(schema: PlainSchema, value: unknown, path: string): Problem | null {
  if (!Array.isArray(value)) return null;
  const { minItems, maxItems, items } = schema;
  if (minItems !== undefined && value.length < minItems) {
    return complain(path, minItems === 1 ? 'must not be empty' : `must have at least ${minItems} items`);
  }
  if (maxItems !== undefined && value.length > maxItems) {
    return complain(path, `must have at most ${maxItems} items, not ${value.length}`);
  }
  if (!items) return null;
  for (let index = 0; index < value.length; index++) {
    const problem = findProblem(items, value[index], `${path}[${index}]`);
    if (problem) return problem;
  }
  return null;
}

function findObjectProblem(schema: PlainSchema, value: unknown, path: string): Problem | null {
  if (!hasType(value, 'object')) return null;
  const fields = value as Record<string, unknown>;
  const { properties = {}, required = [], patternProperties = {}, maxProperties } = schema;
  const patterns = Object.entries(patternProperties).map(
    ([key, inner]) => [new RegExp(key, 'u'), inner] as const,
  );
  if (maxProperties !== undefined && Object.keys(fields).length > maxProperties) {
    return complain(path, `must have at most ${maxProperties} entries, not ${Object.keys(fields).length}`);
  }
  if (schema.additionalProperties === false) {
    for (const key of Object.keys(fields)) {
      if (Object.hasOwn(properties, key) || patterns.some(([pattern]) => pattern.test(key))) continue;
      return findKeyProblem(schema, key, path);
    }
  }
  for (const key of required) {
    if (!Object.hasOwn(fields, key)) {
      return { field: joinPath(path, key), message: `missing field '${key}'${inside(path)}` };
    }
  }
  for (const [key, inner] of Object.entries(properties)) {
    if (!Object.hasOwn(fields, key)) continue;
    const problem = findProblem(inner, fields[key], joinPath(path, key));
    if (problem) return problem;
  }
  for (const [pattern, inner] of patterns) {
    for (const [key, item] of Object.entries(fields)) {
      const problem = pattern.test(key) ? findProblem(inner, item, joinPath(path, key)) : null;
      if (problem) return problem;
    }
  }
  return null;
}

function findKeyProblem(schema: PlainSchema, key: string, path: string): Problem {
  const field = joinPath(path, key);
  const keyRule = schema['x-key-rule'];
  const shown = quote(key.slice(0, 64));
  if (keyRule !== undefined) return { field, message: `key ${shown}${inside(path)} ${keyRule}` };
  const refusal = schema['x-refused-fields']?.[key];
  if (refusal !== undefined)
    return { field, message: `unsupported field ${shown}${inside(path)}: ${refusal}` };
  const suggestion = suggestWord(key, Object.keys(schema.properties ?? {}));
  const hint = suggestion === null ? '' : `; did you mean '${suggestion}'?`;
  return { field, message: `unknown field ${shown}${inside(path)}${hint}` };
}

function findRefinementProblem(schema: PlainSchema, value: unknown, path: string): Problem | null {
  const failed = schema['~refine']?.find((refinement) => !refinement.check(value));
  return failed ? complain(path, failed.error(value)) : null;
}

/**
 * Of a union, the complaint of the branch the caller meant: chosen by its tag, else by type, else by depth.
 */
function findUnionProblem(schema: PlainSchema, value: unknown, path: string): Problem | null {
  const branches = schema.anyOf ?? [];
  const tag = schema.discriminator?.propertyName;
  if (tag !== undefined && hasType(value, 'object')) {
    return findTaggedProblem(branches, tag, value as Record<string, unknown>, path);
  }
  let best: Problem | null = null;
  let bestRank = -1;
  let candidates = 0;
  for (const branch of branches) {
    const problem = findProblem(branch, value, path);
    if (problem === null) return null;
    if (!suits(branch, value)) continue;
    candidates++;
    // Of lists, [1.5] means one of integers rather than one of texts.
    const rank = 2 * problem.field.length + (suitsFirstItem(branch, value) ? 1 : 0);
    if (rank <= bestRank) continue;
    best = problem;
    bestRank = rank;
  }
  // Two branches of the right kind that both fail at the top: name all that is possible.
  const unclear = best !== null && candidates > 1 && best.field === path;
  return best === null || unclear ? mismatch(schema, value, path) : best;
}

function suitsFirstItem({ items }: PlainSchema, value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && items !== undefined && suits(items, value[0]);
}

function findTaggedProblem(
  branches: readonly PlainSchema[],
  tag: string,
  value: Record<string, unknown>,
  path: string,
): Problem | null {
  const words = branches.map((branch) => branch.properties?.[tag]?.const);
  if (!Object.hasOwn(value, tag)) {
    const message = `missing field '${tag}'${inside(path)} (one of ${words.map(quote).join(', ')})`;
    return { field: joinPath(path, tag), message };
  }
  const branch = branches[words.indexOf(value[tag])];
  if (branch) return findProblem(branch, value, path);
  return mismatch({ enum: words }, value[tag], joinPath(path, tag));
}

function mismatch(schema: PlainSchema, value: unknown, path: string): Problem {
  const wanted = describe(schema);
  const found = nameType(value);
  const odd = typeof value === 'number' && schema.type === 'integer' ? String(value) : found;
  return complain(
    path,
    suits(schema, value) && odd === found ? `must be ${wanted}` : `must be ${wanted}, not ${odd}`,
  );
}

function complain(path: string, rule: string): Problem {
  return { field: path, message: `${path === '' ? 'the request body' : path} ${rule}` };
}

function inside(path: string): string {
  return path === '' ? '' : ` in ${path}`;
}
