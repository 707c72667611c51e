import type { Command } from 'commander';
import type { Act } from '../act.ts';
import { waitForResource } from '../await-resource.ts';
import { methodOf, sendCall } from '../calls.ts';
import { resources } from '../contract.ts';
import { addFieldOptions } from '../flags/add-field-options.ts';
import { deriveFlags, type FieldFlag } from '../flags/derive-flags.ts';
import { addDocumentedOptions, readDocumentedFlags } from '../flags/documented-flags.ts';
import { type RawFlags, readFlags } from '../flags/read-flags.ts';
import { type Noun, nouns, schemaOf, spell } from '../nouns.ts';
import { printResource } from '../output/print-resource.ts';
import type { Session } from '../session.ts';
import { addCreateDataset } from './create-dataset.ts';
import { addCreateDeployment } from './create-deployment.ts';
import { addCreateModel } from './create-model.ts';

/** Creates that take more than flags; the others follow from the contract. */
const special = new Set(['models', 'datasets', 'deployments']);

/** `firectl create <resource> [id]`. */
export function addCreateCommands(program: Command, act: Act): void {
  const create = program.command('create').description('Create a resource.');
  addCreateModel(create, act);
  addCreateDataset(create, act);
  addCreateDeployment(create, act);
  for (const noun of nouns) {
    const method = resources[noun.key].methods.create;
    if (method?.kind === 'create' && !special.has(noun.key)) addCreate(create, act, noun);
  }
}

function addCreate(create: Command, act: Act, noun: Noun): void {
  const fields = deriveFlags(schemaOf(noun.key), 'create');
  const command = create
    .command(`${noun.singular} [id]`)
    .aliases(noun.aliases.filter((name) => !name.endsWith('s')))
    .description(`Create one ${spell(noun.singular)}.`)
    .option('--wait', 'wait until it is ready');
  if (noun.key.endsWith('Jobs')) command.option('--job-id <string>', 'the id of the job');
  addFieldOptions(command, fields);
  addDocumentedOptions(command, noun.key);
  command.addHelpText('after', `\nExample:\n  firectl create ${noun.singular} my-${noun.singular}`);
  command.action(
    act((session: Session, id: string | undefined, flags: RawFlags & { wait?: boolean; jobId?: string }) =>
      createResource(session, noun, fields, id ?? flags.jobId, flags),
    ),
  );
}

async function createResource(
  session: Session,
  noun: Noun,
  fields: readonly FieldFlag[],
  id: string | undefined,
  flags: RawFlags & { wait?: boolean },
): Promise<void> {
  const created = await sendCreate(
    session,
    noun,
    await withDefaults(session, noun, readFlags(fields, readDocumentedFlags(noun.key, flags)), id),
    id,
  );
  if (created === null) return;
  const resource = resources[noun.key];
  const result = flags.wait === true ? await waitForResource(session, resource, created.name) : created;
  printResource(session, result);
}

/** What is left out of a command line. */
async function withDefaults(
  session: Session,
  noun: Noun,
  resource: Record<string, unknown>,
  id: string | undefined,
): Promise<Record<string, unknown>> {
  // The guide creates users by e-mail alone: they are plain users then.
  if (noun.key === 'users') return { role: 'user', ...resource };
  if (noun.key !== 'secrets') return resource;
  // A value on a command line is seen by everybody on the machine: better asked for, or piped in.
  const value = resource.value ?? (await session.streams.ask('Value: ', { isSecret: true }));
  return { ...resource, ...(id === undefined ? {} : { name: id }), value: value ?? '' };
}

/** Sends a create in the form the contract has for the resource. Null with `--dry-run`. */
export async function sendCreate(
  session: Session,
  noun: Noun,
  resource: Readonly<Record<string, unknown>>,
  id: string | undefined,
  extra: Readonly<Record<string, string | number | boolean | undefined>> = {},
): Promise<{ readonly name: string } | null> {
  const method = methodOf(resources[noun.key], 'create', 'create');
  const account =
    session.flags.dryRun && session.flags.accountId
      ? session.flags.accountId
      : await session.client().resources.account();
  const { idKey = null, resourceKey = noun.key } = method;
  const ids = idKey === null || id === undefined ? {} : { [idKey]: id };
  const name = `accounts/${account}`;
  return method.form === 'wrapped'
    ? sendCall(session, { method, name, body: { [resourceKey]: resource, ...ids, ...extra } })
    : sendCall(session, { method, name, query: { ...ids, ...extra }, body: resource });
}
