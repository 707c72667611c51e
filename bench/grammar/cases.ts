import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A schema and instances that are said to satisfy it or not. */
export interface BenchCase {
  readonly id: string;
  readonly schema: unknown;
  readonly instances: readonly { readonly valid: boolean; readonly text: string }[];
}

interface SchemaWithTests {
  readonly id?: string;
  readonly description?: string;
  readonly schema: unknown;
  readonly tests: readonly { readonly valid: boolean; readonly data: unknown }[];
}

/** MaskBench's schemas come under no licence of their own, so they stay outside of the repository. */
const maskBenchPath =
  process.env.SPARKLER_MASKBENCH ??
  fileURLToPath(new URL('../../../shared/testdata/maskbench/sample.jsonl', import.meta.url));

const suiteFolder = new URL(
  '../../packages/grammar/fixtures/json-schema-test-suite/tests/draft2020-12/',
  import.meta.url,
);

/** The schemas of MaskBench where they are at hand, those of the JSON Schema test suite otherwise. */
export function readCases(): { readonly source: string; readonly cases: readonly BenchCase[] } {
  if (!existsSync(maskBenchPath)) {
    return { source: `JSON Schema suite (no ${maskBenchPath})`, cases: readSuite().map(toCase) };
  }
  const lines = readFileSync(maskBenchPath, 'utf8').trim().split('\n');
  return { source: 'MaskBench', cases: lines.map((line) => toCase(JSON.parse(line) as SchemaWithTests)) };
}

function toCase({ id, description = '', schema, tests }: SchemaWithTests): BenchCase {
  const instances = tests.map(({ valid, data }) => ({ valid, text: JSON.stringify(data) }));
  return { id: id ?? description, schema, instances };
}

function readSuite(): SchemaWithTests[] {
  const files = readdirSync(suiteFolder).filter((file) => file.endsWith('.json'));
  return files.flatMap(
    (file) => JSON.parse(readFileSync(new URL(file, suiteFolder), 'utf8')) as SchemaWithTests[],
  );
}
