import type { Command } from 'commander';
import { stringify } from 'yaml';
import type { Act } from '../act.ts';
import { waitForResource } from '../await-resource.ts';
import { methodOf, resolveName, sendCall } from '../calls.ts';
import { resources } from '../contract.ts';
import { UsageError } from '../exit-codes.ts';
import { compareSpec, type Difference, selectSpec } from '../manifest/compare-spec.ts';
import { type Declared, declarable, readManifest } from '../manifest/read-manifest.ts';
import { readName } from '../names.ts';
import { type Noun, spell } from '../nouns.ts';
import type { Session } from '../session.ts';
import { sendCreate } from './create.ts';

type Fields = Readonly<Record<string, unknown>>;

/** What has to happen for one resource to be as declared. */
interface Plan {
  readonly declared: Declared;
  readonly name: string;
  readonly isNew: boolean;
  readonly differences: readonly Difference[];
}

/** `firectl apply`, `firectl diff` and `firectl export`: resources as files. */
export function addManifestCommands(program: Command, act: Act): void {
  addApply(program, act);
  addExport(program, act);
}

function addApply(program: Command, act: Act): void {
  const apply = program
    .command('apply <file>')
    .description('Create or change resources so that they are as a YAML or JSON file declares.')
    .option('--wait', 'wait until each is ready')
    .addHelpText(
      'after',
      '\nExamples:\n  firectl apply deployments.yaml --dry-run\n  firectl apply deployments.yaml --wait',
    );
  apply.action(
    act(async (session: Session, file: string, flags: { readonly wait?: boolean }) => {
      const plans = await planFile(session, file);
      for (const plan of plans) {
        session.streams.out(describePlan(plan));
        if (!session.flags.dryRun) await carryOut(session, plan, flags.wait === true);
      }
    }),
  );
  const diff = program
    .command('diff <file>')
    .description('Show what apply would do. The same as apply --dry-run.')
    .addHelpText('after', '\nExample:\n  firectl diff deployments.yaml');
  diff.action(
    act(async (session: Session, file: string) => {
      for (const plan of await planFile(session, file)) session.streams.out(describePlan(plan));
    }),
  );
}

function addExport(program: Command, act: Act): void {
  const group = program.command('export').description('Write resources as YAML (or JSON with -o json).');
  for (const noun of declarable) {
    const command = group
      .command(`${noun.singular} [id]`)
      .aliases([noun.plural, ...noun.aliases].filter((name) => name !== noun.singular))
      .description(`Write one ${spell(noun.singular)}, or all of the account.`)
      .addHelpText('after', `\nExample:\n  firectl export ${noun.singular} > ${noun.plural}.yaml`);
    command.action(act((session: Session, id: string | undefined) => exportResources(session, noun, id)));
  }
}

/** Looks at all resources before anything is changed: a file with a mistake changes nothing. */
async function planFile(session: Session, file: string): Promise<Plan[]> {
  const plans: Plan[] = [];
  for (const declared of await readManifest(file)) {
    const resource = resources[declared.noun.key];
    const name = await resolveName(session, resource, readName(declared.name));
    const current = await findResource(session, declared.noun, name);
    const differences = compareSpec(resource.schema, current ?? {}, declared.spec);
    const plan = { declared, name, isNew: current === null, differences };
    checkPlan(plan);
    plans.push(plan);
  }
  return plans;
}

async function findResource(session: Session, noun: Noun, name: string): Promise<Fields | null> {
  const call = { method: methodOf(resources[noun.key], 'get', 'get'), name };
  return sendCall<Fields>(session, call).catch((error: { status?: number }) => {
    if (error.status === 404) return null;
    throw error;
  });
}

function checkPlan({ declared, name, isNew, differences }: Plan): void {
  const { noun, place } = declared;
  if (isNew && (noun.key === 'models' || noun.key === 'datasets')) {
    throw new UsageError(
      `${place}: ${name} does not exist, and has files: make it with firectl create ${noun.singular}`,
    );
  }
  if (isNew && resources[noun.key].methods.create?.kind !== 'create')
    throw new UsageError(`${place}: there is no ${name}, and ${spell(noun.plural)} cannot be created`);
  const fixed = isNew ? undefined : differences.find(({ isFixed }) => isFixed);
  if (fixed !== undefined) {
    throw new UsageError(
      `${place}: ${fixed.field} of ${name} was set when it was made (${JSON.stringify(fixed.current)}) ` +
        `and cannot become ${JSON.stringify(fixed.wanted)}: delete it first`,
    );
  }
  if (!isNew && differences.length > 0 && resources[noun.key].methods.update === undefined)
    throw new UsageError(`${place}: ${spell(noun.plural)} cannot be changed; delete ${name} first`);
}

/** `+ name` to create, `~ name` to change, `= name` when nothing differs; fields below. */
function describePlan({ name, isNew, differences }: Plan): string {
  const sign = isNew ? '+' : differences.length === 0 ? '=' : '~';
  const fields = differences.map(({ field, current, wanted }) => {
    const was = isNew || current === null ? '' : `${JSON.stringify(current) ?? 'unset'} -> `;
    return `    ${field}: ${was}${current === null && !isNew ? '(not shown)' : JSON.stringify(wanted)}`;
  });
  return [`${sign} ${name}`, ...fields].join('\n');
}

async function carryOut(session: Session, plan: Plan, isWaited: boolean): Promise<void> {
  const { declared, name, isNew, differences } = plan;
  const resource = resources[declared.noun.key];
  if (isNew) await sendCreate(session, declared.noun, declared.spec, name.split('/').at(-1));
  else if (differences.length > 0) {
    const body = Object.fromEntries(differences.map(({ field, wanted }) => [field, wanted]));
    await sendCall(session, { method: methodOf(resource, 'update', 'update'), name, body });
  }
  if (isWaited && resource.schema.properties?.state !== undefined)
    await waitForResource(session, resource, name);
}

async function exportResources(session: Session, noun: Noun, id: string | undefined): Promise<void> {
  const resource = resources[noun.key];
  const found: Fields[] = [];
  if (id === undefined) found.push(...(await listAll(session, noun)));
  else {
    const name = await resolveName(session, resource, readName(id));
    const one = await sendCall<Fields>(session, { method: methodOf(resource, 'get', 'get'), name });
    if (one !== null) found.push(one);
  }
  const documents = found.map((item) => ({
    kind: noun.singular,
    name: String(item.name),
    spec: selectSpec(resource.schema, item),
  }));
  const text =
    session.flags.output === 'json'
      ? JSON.stringify(documents, null, 2)
      : documents.map((document) => stringify(document)).join('---\n');
  session.streams.out(text);
}

async function listAll(session: Session, noun: Noun): Promise<Fields[]> {
  const method = methodOf(resources[noun.key], 'list', 'list');
  const account = await session.client().resources.account();
  const items: Fields[] = [];
  const path = method.path.replace('/v1/', '').replace('{account}', account);
  const slash = path.lastIndexOf('/');
  const collection = { path: path.slice(slash + 1), key: method.collection ?? noun.key };
  const parent = slash === -1 ? '' : path.slice(0, slash);
  for await (const item of session.client().resources.list<Fields>(parent, collection, { parent }))
    items.push(item);
  return items;
}
