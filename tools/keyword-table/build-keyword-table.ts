import { ASSERTIONS } from '../../packages/grammar/src/schema/describe-keywords.ts';
import { FORMAT_PATTERNS } from '../../packages/grammar/src/schema/format-patterns.ts';
import { runSchemaSuite, type SuiteResult } from '../../packages/grammar/src/testing/run-schema-suite.ts';
import { SUITE_DRAFTS } from '../../packages/grammar/src/testing/schema-suite.ts';

/** Files of the suite that are not named after their keyword. */
const FILES = new Map<string, readonly string[]>([
  ['$ref', ['ref', 'refRemote', 'anchor', 'defs', 'definitions']],
  ['$dynamicRef', ['dynamicRef']],
  ['$recursiveRef', ['recursiveRef']],
  ['if', ['if-then-else']],
  // Together with `if`.
  ['then', []],
  ['else', []],
  // In a table of its own.
  ['format', []],
]);

/** The part of docs/structured-output.md that a run of the JSON Schema test suite writes. */
export function buildKeywordTable(): string {
  const required = SUITE_DRAFTS.flatMap((draft) => runSchemaSuite(draft, ''));
  const formats = SUITE_DRAFTS.flatMap((draft) => runSchemaSuite(draft, 'format'));
  const rows = ASSERTIONS.flatMap((keyword) => {
    const files = FILES.get(keyword) ?? [keyword];
    if (files.length === 0) return [];
    const name = keyword === 'if' ? '`if`, `then`, `else`' : `\`${keyword}\``;
    return [
      writeRow(
        name,
        required.filter(({ file }) => files.includes(file)),
      ),
    ];
  });
  const all = writeRow('all required tests of the suite', required);
  const names = Object.keys(FORMAT_PATTERNS).sort();
  const ofFormats = names.map((name) =>
    writeRow(
      `\`${name}\``,
      formats.filter(({ file }) => file === name),
    ),
  );
  return [
    ...head('keyword'),
    ...rows,
    all,
    '',
    '`format` is enforced for these names; another is listed as not enforced.',
    '',
    ...head('format'),
    ...ofFormats,
    '',
  ].join('\n');
}

function head(title: string): string[] {
  return [`| ${title} | ${SUITE_DRAFTS.join(' | ')} |`, `| --- |${' --- |'.repeat(SUITE_DRAFTS.length)}`];
}

/** Per draft: tests that come out as the suite says, of all. */
function writeRow(name: string, results: readonly SuiteResult[]): string {
  const cells = SUITE_DRAFTS.map((draft) => {
    const own = results.filter((result) => result.draft === draft);
    const right = own.filter(({ valid, accepted }) => valid === accepted);
    return own.length === 0 ? '-' : `${right.length} of ${own.length}`;
  });
  return `| ${name} | ${cells.join(' | ')} |`;
}
