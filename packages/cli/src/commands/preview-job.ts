import type { Command } from 'commander';
import type { Act } from '../act.ts';
import { methodOf, sendCall } from '../calls.ts';
import { resources } from '../contract.ts';
import { addFieldOptions } from '../flags/add-field-options.ts';
import { deriveFlags } from '../flags/derive-flags.ts';
import { addDocumentedOptions, readDocumentedFlags } from '../flags/documented-flags.ts';
import { type RawFlags, readFlags } from '../flags/read-flags.ts';
import { type Noun, nouns, schemaOf, spell } from '../nouns.ts';
import { printResource } from '../output/print-resource.ts';
import type { Session } from '../session.ts';

/**
 * `firectl preview <job>`, for every job that can be looked at before it is made: the flags of its create.
 */
export function addPreviewCommand(program: Command, act: Act): void {
  const preview = program
    .command('preview')
    .description('What a job would train on, how long it would take and what it would cost.');
  for (const noun of nouns) {
    if (resources[noun.key].methods.preview !== undefined) addPreview(preview, act, noun);
  }
}

function addPreview(preview: Command, act: Act, noun: Noun): void {
  const fields = deriveFlags(schemaOf(noun.key), 'create');
  const command = preview
    .command(noun.singular)
    .aliases(noun.aliases.filter((name) => !name.endsWith('s')))
    .description(
      `Data, learned parts, steps, time and price of one ${spell(noun.singular)}; nothing is made.`,
    );
  addFieldOptions(command, fields);
  addDocumentedOptions(command, noun.key);
  const example = `firectl preview ${noun.singular} --base-model my-model --dataset my-dataset`;
  command.addHelpText('after', `\nExample:\n  ${example}`);
  command.action(
    act(async (session: Session, flags: RawFlags) => {
      const method = methodOf(resources[noun.key], 'preview', 'verb');
      const name = `accounts/${await session.client().resources.account()}`;
      const body = readFlags(fields, readDocumentedFlags(noun.key, flags));
      const seen = await sendCall<Record<string, unknown>>(session, { method, name, body });
      if (seen !== null) printResource(session, seen);
    }),
  );
}
