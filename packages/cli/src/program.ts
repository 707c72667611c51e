import { Command, Option } from 'commander';
import { addAccountCommands } from './commands/account.ts';
import { addChatCommand } from './commands/chat.ts';
import { addCreateCommands } from './commands/create.ts';
import { addDeleteCommands } from './commands/delete.ts';
import { addGetCommands } from './commands/get.ts';
import { addListCommands } from './commands/list.ts';
import { addLoraCommands } from './commands/lora.ts';
import { addModelFileCommands } from './commands/model-files.ts';
import { addUpdateCommands } from './commands/update.ts';
import { createSession, type GlobalFlags, type Session } from './session.ts';
import type { Streams } from './streams.ts';

export const version = '0.1.0';

/** Makes what a command does into what commander calls: the session comes first, then arguments and flags. */
// biome-ignore lint/suspicious/noExplicitAny: commander hands arguments, flags and the command, untyped.
export type Act = (run: (session: Session, ...args: any[]) => unknown) => (...args: any[]) => Promise<void>;

export interface ProgramParts {
  readonly streams: Streams;
  readonly environment: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

/**
 * The whole command tree. Most of it follows from the contract: a resource added there has its verbs here.
 */
export function createProgram(parts: ProgramParts): Command {
  const program = new Command('firectl')
    .description('Manage models, deployments, datasets, jobs and keys of the platform.')
    .configureOutput({ writeOut: parts.streams.out, writeErr: parts.streams.note })
    .exitOverride()
    .showHelpAfterError('(add -h for help and examples)')
    .enablePositionalOptions(false);
  addGlobalOptions(program);
  const act: Act =
    (run) =>
    async (...args) => {
      const command = args.at(-1) as Command;
      await run(createSession({ ...parts, flags: command.optsWithGlobals<GlobalFlags>() }), ...args);
    };
  for (const add of [
    addAccountCommands,
    addListCommands,
    addGetCommands,
    addCreateCommands,
    addUpdateCommands,
    addDeleteCommands,
    addLoraCommands,
    addModelFileCommands,
    addChatCommand,
  ]) {
    add(program, act);
  }
  shareSettings(program);
  return program;
}

function addGlobalOptions(program: Command): void {
  program
    .option('-a, --account-id <string>', 'the account to act on (FIREWORKS_ACCOUNT_ID)')
    .option('--api-key <string>', 'the key to use; better FIREWORKS_API_KEY, or firectl signin')
    .option('--profile <string>', 'section of auth.ini (FIREWORKS_PROFILE)')
    .addOption(new Option('-o, --output <format>', 'text or json').choices(['text', 'json']).default('text'))
    .option('--dry-run', 'print the request without running it', false)
    .option('--quiet', 'no progress, only results and errors', false);
}

/** Subcommands report errors the way the program does. */
function shareSettings(command: Command): void {
  for (const child of command.commands) {
    child.copyInheritedSettings(command);
    shareSettings(child);
  }
}
