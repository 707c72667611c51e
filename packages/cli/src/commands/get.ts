import type { Command } from 'commander';
import type { Act } from '../act.ts';
import { methodOf, resolveName, sendCall } from '../calls.ts';
import { resources } from '../contract.ts';
import { readName } from '../names.ts';
import { nouns, spell } from '../nouns.ts';
import { printResource } from '../output/print-resource.ts';
import type { Session } from '../session.ts';
import { watchJob } from './watch-job.ts';

/** `firectl get <resource> <id>`, for every resource that can be read. */
export function addGetCommands(program: Command, act: Act): void {
  const get = program.command('get').description('Show a resource.');
  for (const noun of nouns) {
    const resource = resources[noun.key];
    if (resource.methods.get === undefined) continue;
    const command = get
      .command(`${noun.singular} [id]`)
      .aliases(noun.aliases.filter((name) => !name.endsWith('s')))
      .description(`Show one ${spell(noun.singular)}: its id, or its full name.`)
      .addHelpText('after', `\nExample:\n  firectl get ${noun.singular} my-${noun.singular}`);
    if (noun.key === 'supervisedFineTuningJobs')
      command.option('--watch', 'follow the job to its end: progress, and its losses as a curve');
    command.action(
      act(async (session: Session, id: string | undefined, { watch }: { readonly watch?: boolean }) => {
        const name = await resolveName(session, resource, readName(id));
        if (watch === true) {
          printResource(session, await watchJob(session, name));
          return;
        }
        printResource(session, await sendCall(session, { method: methodOf(resource, 'get', 'get'), name }));
      }),
    );
  }
}
