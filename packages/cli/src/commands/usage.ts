import type { Command } from 'commander';
import type { Act } from '../act.ts';
import { fillPath, methodOf } from '../calls.ts';
import { resources } from '../contract.ts';
import { printResource } from '../output/print-resource.ts';
import { formatTable } from '../output/print-table.ts';
import type { Session } from '../session.ts';

interface Quota {
  readonly name: string;
  readonly value?: string;
  readonly usage?: number;
}

/** `firectl usage`: what the account has used of what it may. */
export function addUsageCommand(program: Command, act: Act): void {
  const command = program
    .command('usage')
    .description('Show what the account has used, of each quota: dollars of this month, loaded addons.')
    .addHelpText('after', '\nExamples:\n  firectl usage\n  firectl usage -o json');
  command.action(act((session: Session) => showUsage(session)));
}

async function showUsage(session: Session): Promise<void> {
  const { http } = session.client().resources;
  const parent = `accounts/${await session.client().resources.account()}`;
  const quotas: Quota[] = [];
  let pageToken: string | undefined;
  do {
    const reply = await http.json<{ quotas?: Quota[]; nextPageToken?: string }>({
      method: 'GET',
      path: fillPath(methodOf(resources.quotas, 'list', 'list').path, parent),
      query: { pageToken },
      options: { signal: session.signal },
    });
    quotas.push(...(reply.quotas ?? []));
    pageToken = reply.nextPageToken || undefined;
  } while (pageToken !== undefined);
  const rows = quotas.map(({ name, value = '0', usage = 0 }) => ({
    quota: name.split('/').at(-1)!,
    used: usage,
    limit: Number(value),
    share: Number(value) > 0 ? usage / Number(value) : null,
  }));
  if (session.flags.output === 'json') printResource(session, rows);
  else session.streams.out(formatTable(['quota', 'used', 'limit', 'share'], rows.map(formatRow)));
}

function formatRow({
  quota,
  used,
  limit,
  share,
}: {
  quota: string;
  used: number;
  limit: number;
  share: number | null;
}) {
  const percent = share === null ? '' : `${(100 * share).toFixed(1)} %`;
  return { quota, used: formatNumber(used), limit: formatNumber(limit), share: percent };
}

/** A table leaves zeros out; here they say something. */
function formatNumber(value: number): string {
  return value === 0 ? 'none' : String(Number(value.toFixed(6)));
}
