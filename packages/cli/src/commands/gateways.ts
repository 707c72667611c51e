import type { Command } from 'commander';
import type { Act } from '../act.ts';
import { methodOf, sendCall } from '../calls.ts';
import { resources } from '../contract.ts';
import { printResource } from '../output/print-resource.ts';
import { formatTable } from '../output/print-table.ts';
import type { Session } from '../session.ts';

type Row = Readonly<Record<string, unknown>>;

const columns = ['gateway', 'hostName', 'state', 'heldUsd', 'settledRequests', 'releasedUsd', 'seenTime'];

/** Servers that take requests and hold parts of budgets, for operators. */
export function addGatewayCommands(program: Command, act: Act): void {
  const list = program
    .command('list-gateways')
    .description('Servers that take inference requests: whether they are there, what they hold (operators).')
    .addHelpText('after', '\nExample:\n  firectl list-gateways');
  list.action(act((session: Session) => listGateways(session)));
  const settle = program
    .command('settle-gateway <gateway>')
    .description(
      'Say that a gateway never comes back: its requests are billed as engines know them, and what it held is ' +
        'given back (operators). Without it that happens after SPARKLER_GATEWAY_GONE_AFTER_MS of silence.',
    )
    .addHelpText('after', '\nExample:\n  firectl settle-gateway 6f1c7d1e-8c53-4b29-9a53-0f3d9a3f9b7e');
  settle.action(act((session: Session, gateway: string) => settleGateway(session, gateway)));
}

async function listGateways(session: Session): Promise<void> {
  const name = `accounts/${await session.client().resources.account()}`;
  const method = methodOf(resources.accounts, 'listGateways', 'verb');
  const answer = await sendCall<{ gateways: readonly Row[] }>(session, { method, name });
  if (answer === null) return;
  if (session.flags.output === 'json') return printResource(session, answer);
  session.streams.out(formatTable(columns, [...answer.gateways]));
}

async function settleGateway(session: Session, gateway: string): Promise<void> {
  const name = `accounts/${await session.client().resources.account()}`;
  const method = methodOf(resources.accounts, 'settleGateway', 'verb');
  const answer = await sendCall<Row>(session, { method, name, body: { gateway } });
  if (answer !== null) printResource(session, answer);
}
