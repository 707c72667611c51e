import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const SUITE_DRAFTS = ['draft7', 'draft2019-09', 'draft2020-12'] as const;
export type SuiteDraft = (typeof SUITE_DRAFTS)[number];

/** A schema of the JSON Schema test suite and instances that are said to satisfy it or not. */
export interface SuiteGroup {
  /** Name of the file, mostly that of a keyword. */
  readonly file: string;
  readonly description: string;
  /** With `$schema`, so that it is read as the draft it is for. */
  readonly schema: unknown;
  readonly tests: readonly {
    readonly description: string;
    readonly data: unknown;
    readonly valid: boolean;
  }[];
}

const folder = join(import.meta.dirname, '../../fixtures/json-schema-test-suite');

const META_SCHEMAS: Readonly<Record<SuiteDraft, string>> = {
  draft7: 'http://json-schema.org/draft-07/schema#',
  'draft2019-09': 'https://json-schema.org/draft/2019-09/schema',
  'draft2020-12': 'https://json-schema.org/draft/2020-12/schema',
};

/** The required groups of a draft, or its optional ones of `format`. */
export function readSchemaSuite(draft: SuiteDraft = 'draft2020-12', part: '' | 'format' = ''): SuiteGroup[] {
  const tests = join(folder, 'tests', draft, part);
  return readdirSync(tests)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .flatMap((name) => {
      const groups = JSON.parse(readFileSync(join(tests, name), 'utf8')) as Omit<SuiteGroup, 'file'>[];
      return groups.map(({ description, schema, tests: cases }) => ({
        file: name.replace('.json', ''),
        description,
        schema:
          typeof schema === 'boolean' ? schema : { $schema: META_SCHEMAS[draft], ...(schema as object) },
        tests: cases,
      }));
    });
}

/** The documents that references of the suite lead to: its own, and the meta-schemas as ajv brings them. */
export function readSuiteDocuments(): Record<string, unknown> {
  const documents: Record<string, unknown> = {};
  const remotes = join(folder, 'remotes');
  for (const path of readdirSync(remotes, { recursive: true, encoding: 'utf8' })) {
    if (!path.endsWith('.json')) continue;
    documents[`http://localhost:1234/${path}`] = JSON.parse(readFileSync(join(remotes, path), 'utf8'));
  }
  const refs = join(import.meta.dirname, '../../../../node_modules/ajv/dist/refs');
  for (const path of readdirSync(refs, { recursive: true, encoding: 'utf8' })) {
    if (!path.endsWith('.json')) continue;
    const schema = JSON.parse(readFileSync(join(refs, path), 'utf8')) as { $id?: string };
    if (schema.$id?.includes('json-schema.org')) documents[schema.$id] = schema;
  }
  return documents;
}
