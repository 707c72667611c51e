import type { Command } from 'commander';

/** A command with the words that lead to it: `['get', 'model']`. */
export interface CommandNode {
  readonly path: readonly string[];
  readonly command: Command;
}

/** Every command of the tree, parents before children; the program itself comes first, with no words. */
export function listCommands(program: Command): CommandNode[] {
  const walk = (command: Command, path: readonly string[]): CommandNode[] => [
    { path, command },
    ...command.commands.flatMap((child) => walk(child, [...path, child.name()])),
  ];
  return walk(program, []);
}
