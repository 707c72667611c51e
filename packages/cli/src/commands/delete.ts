import type { Command } from 'commander';
import type { Act } from '../act.ts';
import { waitForResource, waitUntilGone } from '../await-resource.ts';
import { methodOf, resolveName, sendCall } from '../calls.ts';
import { resources } from '../contract.ts';
import { readName } from '../names.ts';
import { nouns, spell } from '../nouns.ts';
import { printResource } from '../output/print-resource.ts';
import type { Session } from '../session.ts';

interface DeleteFlags {
  readonly wait?: boolean;
  readonly hard?: boolean;
  readonly ignoreChecks?: boolean;
}

/** `firectl delete <resource> <id>`, and `firectl undelete deployment <id>`. */
export function addDeleteCommands(program: Command, act: Act): void {
  const remove = program.command('delete').description('Delete a resource.');
  for (const noun of nouns) {
    const resource = resources[noun.key];
    const method = resource.methods.delete;
    if (method?.kind !== 'delete') continue;
    const command = remove
      .command(`${noun.singular} [id]`)
      .aliases(noun.aliases.filter((name) => !name.endsWith('s')))
      .description(`Delete one ${spell(noun.singular)}.`)
      .option('--wait', 'wait until it is gone')
      .addHelpText('after', `\nExample:\n  firectl delete ${noun.singular} my-${noun.singular}`);
    if (noun.key === 'deployments') {
      command.option('--hard', 'purge at once; it cannot be undeleted');
      command.option('--ignore-checks', 'delete although it is in use');
    }
    command.action(
      act(async (session: Session, id: string | undefined, { wait, hard, ignoreChecks }: DeleteFlags) => {
        const name = await resolveName(session, resource, readName(id));
        const query = { hard, ignoreChecks };
        const done = await sendCall(session, { method: methodOf(resource, 'delete', 'delete'), name, query });
        if (done === null) return;
        if (wait === true) await waitUntilGone(session, resource, name);
        session.streams.note(`Deleted ${name}\n`);
      }),
    );
  }
  addDeleteApiKey(remove, act);
  addUndelete(program, act);
}

/** Keys have no name: they are deleted by id, through a verb of the collection. */
function addDeleteApiKey(remove: Command, act: Act): void {
  const command = remove
    .command('api-key [key-id]')
    .alias('api-keys')
    .description('Delete an API key; administrators may delete those of others.')
    .addHelpText('after', '\nExample:\n  firectl delete api-key 4f7d2a');
  command.action(
    act(async (session: Session, keyId: string | undefined) => {
      const account = await session.client().resources.account();
      const method = methodOf(resources.apiKeys, 'delete', 'verb');
      const body = { keyId: readName(keyId) };
      const done = await sendCall(session, { method, name: `accounts/${account}`, body });
      if (done !== null) session.streams.note(`Deleted API key ${body.keyId}\n`);
    }),
  );
}

function addUndelete(program: Command, act: Act): void {
  const undelete = program.command('undelete').description('Bring back what was deleted.');
  const command = undelete
    .command('deployment [id]')
    .description('Bring back a deployment that is DELETED or FAILED.')
    .option('--wait', 'wait until the deployment is ready')
    .addHelpText('after', '\nExample:\n  firectl undelete deployment my-deployment');
  command.action(
    act(async (session: Session, id: string | undefined, { wait }: DeleteFlags) => {
      const name = await resolveName(session, resources.deployments, readName(id));
      const method = methodOf(resources.deployments, 'undelete', 'verb');
      const reply = await sendCall(session, { method, name, body: {} });
      if (reply === null) return;
      printResource(
        session,
        wait === true ? await waitForResource(session, resources.deployments, name) : reply,
      );
    }),
  );
}
