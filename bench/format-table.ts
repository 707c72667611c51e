import type { BenchRow } from './bench-row.ts';

const header = ['metric', 'unit', 'ours', 'anchor', 'ratio', 'goal', '', 'against'];

/** The rows as a table for people. */
export function formatTable(rows: readonly BenchRow[]): string {
  const lines = [header, ...rows.map(formatRow)];
  const widths = header.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  const formatLine = (line: readonly string[]) => line.map((cell, column) => cell.padEnd(widths[column]!));
  return lines.map((line) => formatLine(line).join('  ').trimEnd()).join('\n');
}

function formatRow({ metric, unit, ours, anchor, anchorName, ratio, goal, holds }: BenchRow): string[] {
  return [
    metric,
    unit,
    formatNumber(ours),
    anchor === null ? '' : formatNumber(anchor),
    ratio === null ? '' : formatNumber(ratio),
    goal,
    holds ? 'holds' : 'MISSED',
    anchorName ?? '',
  ];
}

/** Three significant digits, without exponents. */
function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  return Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}
