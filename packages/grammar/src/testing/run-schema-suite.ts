import { compileGrammar } from '../compile-grammar.ts';
import type { CompiledGrammar, UnenforcedKeyword } from '../contract.ts';
import { GrammarError } from '../grammar-error.ts';
import { acceptsText } from './accepts-text.ts';
import { vocabularyOf } from './byte-vocabulary.ts';
import { readSchemaSuite, readSuiteDocuments, type SuiteDraft } from './schema-suite.ts';

/** One test of the suite and what the grammar made of it. */
export interface SuiteResult {
  readonly draft: SuiteDraft;
  readonly file: string;
  /** `file | group | test`. */
  readonly name: string;
  readonly valid: boolean;
  readonly accepted: boolean;
  readonly unenforced: readonly UnenforcedKeyword[];
}

/**
 * Runs the required tests of a draft, or those of its formats, against masks over single bytes. Instances are
 * written by JSON.stringify: no white space, numbers as ECMAScript prints them (1.0 comes out as 1), keys in
 * the order of the file. The suite leaves objects open, and formats unasserted but in their own tests, as the
 * specification does; our stricter defaults are off.
 */
export function runSchemaSuite(draft: SuiteDraft, part: '' | 'format'): SuiteResult[] {
  const vocabulary = vocabularyOf();
  const documents = readSuiteDocuments();
  const options = { documents, closedByDefault: false, assertFormats: part === 'format' };
  return readSchemaSuite(draft, part).flatMap(({ file, description, schema, tests }) => {
    const grammar = orNull(() => compileGrammar({ kind: 'json-schema', schema, ...options }, vocabulary));
    return tests.map((test) => ({
      draft,
      file,
      name: `${file} | ${description} | ${test.description}`,
      valid: test.valid,
      accepted: grammar !== null && acceptsText(grammar, JSON.stringify(test.data)),
      unenforced: grammar?.unenforced ?? [],
    }));
  });
}

/** Null for a schema that no value satisfies, which is refused when it is compiled. */
function orNull(compile: () => CompiledGrammar): CompiledGrammar | null {
  try {
    return compile();
  } catch (error) {
    if (error instanceof GrammarError && error.message.includes('no value satisfies')) return null;
    throw error;
  }
}
