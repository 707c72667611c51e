import { type CallExpression, parseSync, Visitor } from 'oxc-parser';
import type { SourceFile } from './source-files.ts';

export const sizeLimits = { fileLines: 400, functionLines: 70, lineColumns: 110 } as const;
/** A text that crosses the line limit may go this far: cut in two it could no longer be searched for. */
const literalColumns = 132;
/** So much may follow a text that ends just within the limit, as in `test('…', async () => {`. */
const tailColumns = 20;

/**
 * path -> the sizes it is allowed beyond the limits. May only shrink: an entry must be exactly what is
 * needed.
 */
export type SizeAllowList = Readonly<Record<string, Partial<Record<keyof typeof sizeLimits, number>>>>;

/** Breaches of the size limits, and allowances that are larger than needed. */
export function checkSizes(files: readonly SourceFile[], allowList: SizeAllowList): string[] {
  const known = new Set(files.map((file) => file.path));
  const stale = Object.keys(allowList).filter((path) => !known.has(path));
  return [
    ...stale.map((path) => `${path} is gone: take it off the size allow-list`),
    ...files.flatMap((file) => checkFile(file, allowList[file.path] ?? {})),
  ];
}

function checkFile(file: SourceFile, allowed: SizeAllowList[string]): string[] {
  const measured = measureFile(file);
  return (Object.keys(sizeLimits) as (keyof typeof sizeLimits)[]).flatMap((kind) => {
    const limit = sizeLimits[kind];
    const { size, where } = measured[kind];
    const allowance = allowed[kind];
    if (allowance === undefined)
      return size > limit ? [`${where}: ${nameOf(kind)} ${size}, limit ${limit}`] : [];
    if (size > allowance) return [`${where}: ${nameOf(kind)} ${size}, allowed ${allowance}: split it`];
    if (size < allowance) {
      const advice = size > limit ? `lower its allowance to ${size}` : 'take it off the allow-list';
      return [`${where}: ${nameOf(kind)} ${size} now: ${advice}`];
    }
    return [];
  });
}

function nameOf(kind: keyof typeof sizeLimits): string {
  return { fileLines: 'lines', functionLines: 'lines of a function', lineColumns: 'columns' }[kind];
}

interface Measure {
  readonly size: number;
  readonly where: string;
}

/** The largest of each kind in one file. */
function measureFile(file: SourceFile): Record<keyof typeof sizeLimits, Measure> {
  const lines = file.text.replace(/\n$/, '').split('\n');
  const columns = measureColumns(file, lines);
  return {
    fileLines: { size: lines.length, where: file.path },
    lineColumns: columns,
    functionLines: measureFunctions(file),
  };
}

/** The longest line; texts that are crossed by the limit are let through up to theirs. */
function measureColumns(file: SourceFile, lines: readonly string[]): Measure {
  const long = lines.flatMap((line, index) => (line.length > sizeLimits.lineColumns ? [index] : []));
  const literals = long.length > 0 ? findLiterals(file) : [];
  const startOf = (index: number) => lines.slice(0, index).join('\n').length + Math.min(index, 1);
  const counted = long.filter((index) => {
    const limit = startOf(index) + sizeLimits.lineColumns;
    return (
      lines[index]!.length > literalColumns ||
      !literals.some(([start, end]) => start < limit && limit <= end + tailColumns)
    );
  });
  const worst = counted.reduce((best, index) => Math.max(best, lines[index]!.length), 0);
  const where = counted.find((index) => lines[index]!.length === worst);
  return { size: worst, where: where === undefined ? file.path : `${file.path}:${where + 1}` };
}

function findLiterals({ path, text }: SourceFile): [start: number, end: number][] {
  const found: [number, number][] = [];
  const add = (node: { start: number; end: number }) => {
    found.push([node.start, node.end]);
  };
  new Visitor({ Literal: add, TemplateLiteral: add }).visit(parseSync(path, text).program);
  return found;
}

function measureFunctions({ path, text }: SourceFile): Measure {
  const groups = new Set<number>();
  let largest: Measure = { size: 0, where: path };
  const measure = (node: { start: number; end: number }) => {
    if (groups.has(node.start)) return;
    const line = text.slice(0, node.start).split('\n').length;
    const size = text.slice(node.start, node.end).split('\n').length;
    if (size > largest.size) largest = { size, where: `${path}:${line}` };
  };
  const visitor = new Visitor({
    CallExpression: (node: CallExpression) => {
      if (isTestGroup(path, text, node)) for (const argument of node.arguments) groups.add(argument.start);
    },
    FunctionDeclaration: measure,
    FunctionExpression: measure,
    ArrowFunctionExpression: measure,
  });
  visitor.visit(parseSync(path, text).program);
  return largest;
}

/** `describe('…', () => …)` only groups: its body isn't one function to be read at once. */
function isTestGroup(path: string, text: string, call: CallExpression): boolean {
  return /\.test\.tsx?$/.test(path) && text.slice(call.callee.start, call.callee.end).startsWith('describe');
}
