import { listCommands } from '../../packages/cli/src/commands/command-tree.ts';
import { exitCodes } from '../../packages/cli/src/exit-codes.ts';
import { createProgram } from '../../packages/cli/src/program.ts';

const exitMeanings: Readonly<Record<keyof typeof exitCodes, string>> = {
  done: 'done',
  failed: 'the call failed, or a check of `doctor` did',
  usage: 'a wrong command, flag or value; nothing was sent',
  notFound: 'there is no such resource',
  unauthenticated: 'no key, or one that the server does not take',
  resourceFailed: '`--wait` ended with the resource in a failed state',
  interrupted: 'Ctrl-C',
};

/** docs/firectl.md: the help of every command, made from the command tree. */
export async function describeCommands(): Promise<string> {
  const streams = {
    out: () => undefined,
    write: () => undefined,
    note: () => undefined,
    isTerminal: false,
    columns: 100,
    ask: async () => null,
  };
  const signal = new AbortController().signal;
  const program = await createProgram({ streams, environment: {}, signal }, []);
  const commands = listCommands(program).map(({ path, command }) => {
    let help = '';
    command.configureOutput({
      writeOut: (text) => {
        help += text;
      },
      getOutHelpWidth: () => 100,
    });
    command.outputHelp();
    return `## ${['firectl', ...path].join(' ')}\n\n\`\`\`text\n${help.trimEnd()}\n\`\`\`\n`;
  });
  return [
    '# firectl',
    '',
    'Generated from the command tree; `SPARKLER_WRITE_GOLDEN=1 vitest run tests/firectl/help.test.ts` writes it.',
    '',
    'Settings come from flags, then the environment (`FIREWORKS_API_KEY`, `FIREWORKS_API_BASE`,',
    '`FIREWORKS_ACCOUNT_ID`, `FIREWORKS_PROFILE`), then `~/.fireworks/auth.ini` (or the folder in',
    '`FIREWORKS_CONFIG_DIR`), which `firectl signin` writes: a section a profile, with its key, account and server.',
    '`--profile` chooses one, also over the environment; a profile that is not there is an error.',
    '',
    '## Exit codes',
    '',
    '| Code | Meaning |',
    '| ---- | ------- |',
    ...Object.entries(exitCodes).map(
      ([name, code]) => `| ${code} | ${exitMeanings[name as keyof typeof exitCodes]} |`,
    ),
    '',
    ...commands,
  ].join('\n');
}
