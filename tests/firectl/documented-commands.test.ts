import { expect, test } from 'vitest';
import { createProgram } from '../../packages/cli/src/program.ts';
import { firectl } from '../../packages/cli/src/testing.ts';
import { documentedCommands, refusedLines } from './documented-commands.ts';

type Command = Awaited<ReturnType<typeof createProgram>>;

async function createTree(): Promise<Command> {
  const silent = { out: () => undefined, write: () => undefined, note: () => undefined };
  const streams = { ...silent, isTerminal: false, columns: 80, ask: async () => null };
  return createProgram({ streams, environment: {}, signal: new AbortController().signal }, []);
}

/** The command of a line, aliases too; undefined when there is none. */
function findCommand(program: Command, line: string): Command | undefined {
  let at: Command | undefined = program;
  for (const word of line.split(' ').filter(Boolean))
    at = at?.commands.find((child) => child.name() === word || child.aliases().includes(word));
  return at;
}

test('every documented command has every documented flag, with the documented type', async () => {
  const program = await createTree();
  const problems = documentedCommands.flatMap(({ command: line, flags }) => {
    const command = findCommand(program, line);
    if (command === undefined) return [`there is no firectl ${line}`];
    return Object.entries(flags).flatMap(([flag, type]) => {
      const option = command.options.find(({ long }) => long === `--${flag}`);
      if (option === undefined) return [`firectl ${line} has no --${flag}`];
      const fits = type === '' || option.flags.endsWith(`<${type}>`);
      return fits ? [] : [`firectl ${line} has ${option.flags} instead of <${type}>`];
    });
  });
  expect(problems).toEqual([]);
});

test('documented flags for what does not exist here are refused by name', async () => {
  const environment = { FIREWORKS_API_KEY: 'k', FIREWORKS_API_BASE: 'http://127.0.0.1:1' };
  for (const { line, flag } of refusedLines) {
    const { code, note } = await firectl(line.split(' '), environment);
    expect({ line, code, isNamed: note.startsWith(`Error: ${flag}: `) }).toEqual({
      line,
      code: 2,
      isNamed: true,
    });
  }
});
