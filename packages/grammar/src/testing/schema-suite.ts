import { readdirSync, readFileSync } from 'node:fs';

/** A schema of the JSON Schema test suite and instances that are said to satisfy it or not. */
export interface SuiteGroup {
  /** `file | description`. */
  readonly title: string;
  readonly schema: unknown;
  readonly tests: readonly {
    readonly description: string;
    readonly data: unknown;
    readonly valid: boolean;
  }[];
}

const folder = new URL('../../fixtures/json-schema-test-suite/tests/draft2020-12/', import.meta.url);

/** All groups of the suite, draft 2020-12, without the optional ones and those of `refRemote.json`. */
export function readSchemaSuite(): SuiteGroup[] {
  return readdirSync(folder)
    .sort()
    .flatMap((file) => {
      const groups = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as (Omit<SuiteGroup, 'title'> & {
        description: string;
      })[];
      return groups.map(({ description, schema, tests }) => ({
        title: `${file.replace('.json', '')} | ${description}`,
        schema,
        tests,
      }));
    });
}
