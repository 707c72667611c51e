import { type Node, parseSync, type VariableDeclarator, Visitor } from 'oxc-parser';
import type { SourceFile } from './source-files.ts';

/** Names that say nothing: things end up there because they have no place. */
const vaguePlaces = /(^|\/)(utils?|helpers?|common|manager|misc)(\/|\.tsx?$)/;
const abbreviations = new Set(['req', 'res', 'opts', 'ctx', 'msg', 'cfg']);
/** Words in comments that mean unfinished work. Written apart so that this file passes its own check. */
const unfinished = new RegExp(
  `\\b(${['TO' + 'DO', 'FIX' + 'ME', 'HA' + 'CK', 'XX' + 'X'].join('|')})\\b|@ts-(ignore|nocheck)`,
);

/** Breaches of the naming habits: places, abbreviations, leftovers. */
export function checkNames(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => [...checkPlace(file), ...checkBindings(file), ...checkLeftovers(file)]);
}

function checkPlace({ path }: SourceFile): string[] {
  const problems: string[] = [];
  if (vaguePlaces.test(path)) problems.push(`${path}: name the place after what it holds`);
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (!/^[a-z0-9][a-z0-9.-]*$/.test(name)) problems.push(`${path}: file names are kebab-case`);
  return problems;
}

function checkLeftovers({ path, text }: SourceFile): string[] {
  return text.split('\n').flatMap((line, index) => {
    const word = unfinished.exec(line)?.[0];
    return word === undefined ? [] : [`${path}:${index + 1}: ${word}: finish it or take it out`];
  });
}

function checkBindings({ path, text }: SourceFile): string[] {
  const problems: string[] = [];
  const report = (node: Node | null) => {
    for (const name of bindingsOf(node)) {
      if (!abbreviations.has(name.text)) continue;
      const line = text.slice(0, name.start).split('\n').length;
      problems.push(`${path}:${line}: ${name.text}: write the word out`);
    }
  };
  const reportParameters = (node: { params: readonly Node[] }) => node.params.forEach(report);
  const visitor = new Visitor({
    VariableDeclarator: (node: VariableDeclarator) => report(node.id),
    FunctionDeclaration: reportParameters,
    FunctionExpression: reportParameters,
    ArrowFunctionExpression: reportParameters,
  });
  visitor.visit(parseSync(path, text).program);
  return problems;
}

interface Binding {
  readonly text: string;
  readonly start: number;
}

/** The names that a pattern declares. */
function bindingsOf(node: Node | null | undefined): Binding[] {
  switch (node?.type) {
    case 'Identifier':
      return [{ text: node.name, start: node.start }];
    case 'ObjectPattern':
      return node.properties.flatMap((property) =>
        bindingsOf(property.type === 'RestElement' ? property.argument : property.value),
      );
    case 'ArrayPattern':
      return node.elements.flatMap((element) => bindingsOf(element));
    case 'AssignmentPattern':
      return bindingsOf(node.left);
    case 'RestElement':
      return bindingsOf(node.argument);
    case 'TSParameterProperty':
      return bindingsOf(node.parameter);
    default:
      return [];
  }
}
