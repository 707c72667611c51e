import { Command, Option } from 'commander';
import type { Act, AddCommands } from './act.ts';
import type { GlobalFlags } from './session.ts';
import type { Streams } from './streams.ts';

/** Command groups by their first words; a command line loads the code of its own group only. */
const groups: readonly { readonly words: readonly string[]; readonly load: () => Promise<AddCommands> }[] = [
  {
    words: ['signin', 'sign-in-link', 'set-api-key', 'whoami', 'version', 'upgrade'],
    load: async () => (await import('./commands/account.ts')).addAccountCommands,
  },
  { words: ['list'], load: async () => (await import('./commands/list.ts')).addListCommands },
  { words: ['get'], load: async () => (await import('./commands/get.ts')).addGetCommands },
  { words: ['create'], load: async () => (await import('./commands/create.ts')).addCreateCommands },
  { words: ['update'], load: async () => (await import('./commands/update.ts')).addUpdateCommands },
  {
    words: ['delete', 'undelete'],
    load: async () => (await import('./commands/delete.ts')).addDeleteCommands,
  },
  {
    words: ['load-lora', 'unload-lora'],
    load: async () => (await import('./commands/lora.ts')).addLoraCommands,
  },
  {
    words: ['prepare-model', 'import', 'download'],
    load: async () => (await import('./commands/model-files.ts')).addModelFileCommands,
  },
  {
    words: ['apply', 'diff', 'export'],
    load: async () => (await import('./commands/manifest.ts')).addManifestCommands,
  },
  {
    words: ['preview'],
    load: async () => (await import('./commands/preview-job.ts')).addPreviewCommand,
  },
  { words: ['logs'], load: async () => (await import('./commands/logs.ts')).addLogsCommand },
  { words: ['usage'], load: async () => (await import('./commands/usage.ts')).addUsageCommand },
  {
    words: [
      'grant-credit',
      'record-payment',
      'set-tier',
      'block-account',
      'unblock-account',
      'balance',
      'usage-report',
      'preview-cost',
      'download-invoice',
      'rotate-api-key',
    ],
    load: async () => (await import('./commands/billing.ts')).addBillingCommands,
  },
  { words: ['list-hosts'], load: async () => (await import('./commands/hosts.ts')).addHostCommands },
  {
    words: ['list-gateways', 'settle-gateway'],
    load: async () => (await import('./commands/gateways.ts')).addGatewayCommands,
  },
  { words: ['chat'], load: async () => (await import('./commands/chat.ts')).addChatCommand },
  { words: ['doctor'], load: async () => (await import('./commands/doctor.ts')).addDoctorCommand },
  {
    words: ['completion'],
    load: async () => (await import('./commands/completion.ts')).addCompletionCommand,
  },
];

export interface ProgramParts {
  readonly streams: Streams;
  readonly environment: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

/**
 * The command tree for a command line: the groups that its words name, all of them when none does (help).
 * Most of it follows from the contract: a resource added there has its verbs here.
 */
export async function createProgram(parts: ProgramParts, args: readonly string[]): Promise<Command> {
  const program = new Command('firectl')
    .description('Manage models, deployments, datasets, jobs and keys of the platform.')
    .configureOutput({ writeOut: parts.streams.out, writeErr: parts.streams.note })
    .exitOverride()
    .showHelpAfterError('(add -h for help and examples)')
    .enablePositionalOptions(false);
  addGlobalOptions(program);
  const act: Act =
    (run) =>
    async (...actArguments) => {
      const command = actArguments.at(-1) as Command;
      const { createSession } = await import('./session.ts');
      const session = createSession({ ...parts, flags: command.optsWithGlobals<GlobalFlags>() });
      await run(session, ...actArguments);
    };
  const named = groups.filter(({ words }) => words.some((word) => args.includes(word)));
  const makeWhole = () => createProgram(parts, []);
  for (const { load } of named.length > 0 ? named : groups) (await load())(program, act, makeWhole);
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
