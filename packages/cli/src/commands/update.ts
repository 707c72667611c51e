import type { Command } from 'commander';
import type { Act } from '../act.ts';
import { methodOf, resolveName, sendCall } from '../calls.ts';
import { resources } from '../contract.ts';
import { UsageError } from '../exit-codes.ts';
import { addFieldOptions } from '../flags/add-field-options.ts';
import { deriveFlags } from '../flags/derive-flags.ts';
import { addDocumentedOptions, readDocumentedFlags } from '../flags/documented-flags.ts';
import { type RawFlags, readFlags } from '../flags/read-flags.ts';
import { readName } from '../names.ts';
import { nouns, schemaOf, spell } from '../nouns.ts';
import { printResource } from '../output/print-resource.ts';
import type { Session } from '../session.ts';

/** `firectl update <resource> <id> --field value`, for every resource that can be changed. */
export function addUpdateCommands(program: Command, act: Act): void {
  const update = program.command('update').description('Change a resource.');
  for (const noun of nouns) {
    const resource = resources[noun.key];
    if (resource.methods.update === undefined) continue;
    const fields = deriveFlags(schemaOf(noun.key), 'update');
    const command = update
      .command(`${noun.singular} [id]`)
      .aliases(noun.aliases.filter((name) => !name.endsWith('s')))
      .description(`Change one ${spell(noun.singular)}; what is not named stays.`);
    addFieldOptions(command, fields);
    addDocumentedOptions(command, noun.key);
    command.addHelpText(
      'after',
      `\nExample:\n  firectl update ${noun.singular} my-${noun.singular} --display-name "New Name"`,
    );
    command.action(
      act(async (session: Session, id: string | undefined, flags: RawFlags) => {
        const changes = readFlags(fields, readDocumentedFlags(noun.key, flags));
        if (Object.keys(changes).length === 0)
          throw new UsageError(`nothing to change: see firectl update ${noun.singular} -h`);
        const name = await resolveName(session, resource, readName(id));
        const updated = await sendCall(session, {
          method: methodOf(resource, 'update', 'update'),
          name,
          body: changes,
        });
        if (updated !== null) printResource(session, updated);
      }),
    );
  }
}
