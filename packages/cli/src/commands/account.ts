import type { Command } from 'commander';
import { type Act, version } from '../act.ts';
import { methodOf, sendCall } from '../calls.ts';
import { writeProfile } from '../config/auth-file.ts';
import { resources } from '../contract.ts';
import { UsageError } from '../exit-codes.ts';
import { resolveReference } from '../names.ts';
import { printResource } from '../output/print-resource.ts';
import type { Session } from '../session.ts';

/** `signin`, `set-api-key`, `whoami`, `version` and `upgrade`. */
export function addAccountCommands(program: Command, act: Act): void {
  addSignIn(program, act);
  addSignInLink(program, act);
  addSetApiKey(program, act);
  const whoami = program.command('whoami').description('Show which account the key belongs to.');
  whoami.action(act((session: Session) => showIdentity(session)));
  const versionCommand = program.command('version').description('Show the version of firectl.');
  // No session: it would load the SDK, most of the start-up time.
  versionCommand.action(() => program.configureOutput().writeOut?.(version));
  const upgrade = program.command('upgrade').description('How to get the newest firectl.');
  upgrade.action(
    act(({ streams }: Session) => {
      streams.note(
        `firectl ${version} comes with the platform: update the checkout (git pull) and run npm start once.\n`,
      );
    }),
  );
}

function addSignIn(program: Command, act: Act): void {
  const command = program
    .command('signin [account-id]')
    .description('Sign in: asks for an API key and keeps it in auth.ini.')
    .addHelpText('after', '\nExamples:\n  firectl signin\n  firectl signin my-enterprise-account');
  command.action(
    act(async (session: Session, accountId: string | undefined) => {
      const key = await session.streams.ask('API key: ', { isSecret: true });
      if (key === null || key.trim() === '') throw new UsageError('no key was given');
      await keepKey(session, key.trim(), accountId);
    }),
  );
}

function addSignInLink(program: Command, act: Act): void {
  const command = program
    .command('sign-in-link [user]')
    .description('Make a one-time link that signs a user in with a browser; your own user unless named.')
    .addHelpText('after', '\nExamples:\n  firectl sign-in-link\n  firectl sign-in-link alice -a acme');
  command.action(
    act(async (session: Session, user: string | undefined) => {
      const { accountId, userId } = await session.client().resources.identify();
      const account = session.flags.accountId ?? accountId;
      const name = resolveReference(resources.users.pattern, user ?? userId, account);
      const method = methodOf(resources.users, 'createSignInLink', 'verb');
      const link = await sendCall<object>(session, { method, name, body: {} });
      if (link !== null) printResource(session, link);
    }),
  );
}

function addSetApiKey(program: Command, act: Act): void {
  const command = program
    .command('set-api-key [api-key]')
    .description(
      'Keep an API key for all later commands. Without an argument it is read from standard input.',
    )
    .addHelpText('after', '\nExample:\n  firectl set-api-key < ~/.sparkler/api-key');
  command.action(
    act(async (session: Session, key: string | undefined) => {
      const given = key ?? (await session.streams.ask('API key: ', { isSecret: true }));
      if (given === null || given.trim() === '') throw new UsageError('no key was given');
      writeProfile(session.authFile, session.profileName, { api_key: given.trim() });
      session.streams.note(`Kept the API key in ${session.authFile} (profile ${session.profileName}).\n`);
    }),
  );
}

/** Tries the key before it is kept: a wrong one is told now, not at the next command. */
async function keepKey(session: Session, key: string, accountId: string | undefined): Promise<void> {
  const { Fireworks } = await import('@sparkler/sdk');
  const baseURL = session.environment.FIREWORKS_API_BASE ?? session.profile.api_base;
  const account = await new Fireworks({ apiKey: key, baseURL, accountId }).resources.account();
  // A profile belongs to a server: what the environment says now it may not say at the next command.
  const server = session.environment.FIREWORKS_API_BASE;
  writeProfile(session.authFile, session.profileName, {
    api_key: key,
    account_id: account,
    ...(server === undefined ? {} : { api_base: server }),
  });
  session.streams.note(
    `Signed in to ${account}; kept in ${session.authFile} (profile ${session.profileName}).\n`,
  );
}

async function showIdentity(session: Session): Promise<void> {
  const client = session.client();
  const identity = {
    ...(await client.resources.identify()),
    server: client.resources.http.settings.origin,
    profile: session.profileName,
  };
  printResource(session, identity);
}
