/** One row of docs/coverage.md. */
interface CoverageRow {
  readonly line: number;
  readonly cells: readonly string[];
}

const notYet = 'not yet';

/**
 * Problems of the coverage table: every row has a capability, what shows it, and where it is specified. What
 * shows it is a command in backticks, `not yet`, or both (the part that is there, and the part that isn't).
 */
export function checkCoverage(markdown: string, exists: (path: string) => boolean): string[] {
  const rows = readRows(markdown);
  if (rows.length === 0) return ['docs/coverage.md has no rows'];
  return rows.flatMap((row) => {
    const problem = judgeRow(row, exists);
    return problem === null ? [] : [`docs/coverage.md:${row.line}: ${problem}`];
  });
}

function readRows(markdown: string): CoverageRow[] {
  const isRule = (text = '') => /^\|[\s|:-]+\|$/.test(text);
  return markdown.split('\n').flatMap((text, index, lines) => {
    const isHeader = isRule(lines[index + 1]);
    if (!text.startsWith('|') || isRule(text) || isHeader) return [];
    const cells = text
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim());
    return [{ line: index + 1, cells }];
  });
}

function judgeRow({ cells }: CoverageRow, exists: (path: string) => boolean): string | null {
  const [capability = '', shown = '', specified = ''] = cells;
  if (cells.length !== 3) return `has ${cells.length} cells, not 3 (capability, shown by, specified in)`;
  if (capability === '' || specified === '') return 'the capability and where it is specified must be named';
  const commands = [...shown.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '');
  if (commands.length === 0 && !shown.startsWith(notYet))
    return `name the command that shows it, or '${notYet}'`;
  const paths = commands
    .flatMap((command) => command.split(/\s+/))
    .filter((word) => /^[\w.-]+\/.*[\w-]$/.test(word));
  const missing = paths.find((path) => !exists(path));
  return missing === undefined ? null : `${missing} is not there`;
}
