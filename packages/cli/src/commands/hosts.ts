import type { Command } from 'commander';
import type { Act } from '../act.ts';
import { methodOf, sendCall } from '../calls.ts';
import { resources } from '../contract.ts';
import { printResource } from '../output/print-resource.ts';
import { formatTable } from '../output/print-table.ts';
import type { Session } from '../session.ts';

type Row = Readonly<Record<string, unknown>>;
type Host = Row & { readonly accelerators: readonly Row[]; readonly replicas: readonly Row[] };

/** Machines that replicas run on, for operators. */
export function addHostCommands(program: Command, act: Act): void {
  const command = program
    .command('list-hosts')
    .description('Machines that replicas run on, what they have, and who was promised what (operators).')
    .addHelpText('after', '\nExample:\n  firectl list-hosts');
  command.action(act((session: Session) => listHosts(session)));
}

async function listHosts(session: Session): Promise<void> {
  const name = `accounts/${await session.client().resources.account()}`;
  const method = methodOf(resources.accounts, 'listHosts', 'verb');
  const answer = await sendCall<{ hosts: readonly Host[] }>(session, { method, name });
  if (answer === null) return;
  if (session.flags.output === 'json') return printResource(session, answer);
  for (const { accelerators, replicas, ...facts } of answer.hosts) {
    printResource(session, facts);
    const tables: [readonly string[], readonly Row[]][] = [
      [['kind', 'name', 'memoryBytes', 'freeBytes', 'driver'], accelerators],
      [['replica', 'deployment', 'state', 'memoryArithmetic'], replicas],
    ];
    for (const [columns, rows] of tables) {
      if (rows.length > 0) session.streams.out(`\n${formatTable([...columns], [...rows])}`);
    }
  }
}
