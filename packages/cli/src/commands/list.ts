import type { Command } from 'commander';
import type { Act } from '../act.ts';
import { fillPath, methodOf } from '../calls.ts';
import { type Method, resources } from '../contract.ts';
import { type Noun, nouns, schemaOf, spell } from '../nouns.ts';
import { printResource } from '../output/print-resource.ts';
import { formatTable, planColumns } from '../output/print-table.ts';
import type { Session } from '../session.ts';

interface ListFlags {
  readonly filter?: string;
  readonly orderBy?: string;
  readonly pageSize?: string;
  readonly pageToken?: string;
  readonly paginate: boolean;
  readonly showDeleted?: boolean;
  readonly allUsers?: boolean;
}

interface ListReply {
  readonly nextPageToken?: string;
  readonly [collection: string]: unknown;
}

/** `firectl list <resources>`, for every resource that can be listed. */
export function addListCommands(program: Command, act: Act): void {
  const list = program.command('list').description('List resources.');
  for (const noun of nouns) {
    if (resources[noun.key].methods.list === undefined) continue;
    const command = list
      .command(noun.plural)
      .aliases([...new Set([noun.singular, ...noun.aliases])].filter((name) => name !== noun.plural))
      .description(`List ${spell(noun.plural)} of the account.`)
      .option('--filter <string>', 'only resources that match (https://google.aip.dev/160)')
      .option('--order-by <string>', 'fields to order by, each may be followed by " desc"')
      .option('--page-size <int32>', 'resources to list (at most 200)')
      .option('--page-token <string>', 'the page to list')
      .option('--no-paginate', 'list all resources without pagination')
      .addHelpText(
        'after',
        `\nExample:\n  firectl list ${noun.plural} --filter 'displayName = "mine"' --order-by 'createTime desc'`,
      );
    if (noun.key === 'deployments')
      command.option('--show-deleted', 'deleted ones that can be undeleted, too');
    if (noun.key === 'apiKeys')
      command.option('--all-users', 'keys of all users, for administrators; by default your own');
    command.action(act((session: Session, flags: ListFlags) => listResources(session, noun, flags)));
  }
}

async function listResources(session: Session, noun: Noun, flags: ListFlags): Promise<void> {
  const { method, parent } = await chooseList(session, noun, flags);
  const items: Record<string, unknown>[] = [];
  let pageToken = flags.pageToken ?? '';
  do {
    const reply: ListReply = await session.client().resources.http.json({
      method: 'GET',
      path: fillPath(method.path, parent),
      query: {
        filter: flags.filter,
        orderBy: flags.orderBy,
        pageSize: flags.pageSize,
        pageToken: pageToken === '' ? undefined : pageToken,
        showDeleted: flags.showDeleted,
      },
      options: { signal: session.signal },
    });
    items.push(...((reply[method.collection ?? noun.key] ?? []) as Record<string, unknown>[]));
    pageToken = reply.nextPageToken ?? '';
    // Pages are for people; a script that names no page wants everything.
  } while (pageToken !== '' && !flags.paginate);
  printItems(session, noun, items, pageToken);
}

/** Keys are listed by user, unless those of all are wanted; everything else by account. */
async function chooseList(
  session: Session,
  noun: Noun,
  { allUsers }: ListFlags,
): Promise<{ readonly method: Method; readonly parent: string }> {
  const { resources: client } = session.client();
  const parent = `accounts/${await client.account()}`;
  if (noun.key === 'apiKeys' && allUsers !== true) {
    const { userId } = await client.identify();
    const method = methodOf(resources.userApiKeys, 'list', 'list');
    if (userId !== '') return { method, parent: `${parent}/users/${userId}` };
  }
  const method = methodOf(resources[noun.key], 'list', 'list');
  return { method, parent: method.path.includes('{') ? parent : '' };
}

function printItems(
  session: Session,
  noun: Noun,
  items: readonly Record<string, unknown>[],
  nextPageToken: string,
): void {
  const { streams, flags } = session;
  if (flags.output === 'json') {
    printResource(session, items);
    return;
  }
  if (items.length === 0) streams.note(`No ${spell(noun.plural)}.\n`);
  else streams.out(formatTable(planColumns(schemaOf(noun.key)), items));
  if (nextPageToken !== '') {
    streams.note(`\nMore: --page-token ${nextPageToken}, or all with --no-paginate.\n`);
  }
}
