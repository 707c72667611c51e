import type { Command } from 'commander';
import type { Act } from '../act.ts';
import { methodOf, sendCall } from '../calls.ts';
import { resources } from '../contract.ts';
import { UsageError } from '../exit-codes.ts';
import { readName, resolveReference } from '../names.ts';
import { printResource } from '../output/print-resource.ts';
import { formatTable } from '../output/print-table.ts';
import type { Session } from '../session.ts';

type Flags = Readonly<Record<string, string | undefined>>;

/** Money: what accounts see of it, and what operators do with it. */
export function addBillingCommands(program: Command, act: Act): void {
  addOperatorCommands(program, act);
  addReadCommands(program, act);
  const rotate = program
    .command('rotate-api-key [key-id]')
    .description('Make a key like another one, which then expires.')
    .option('--overlap <duration>', 'how long the old key still works, such as 3600s (default: one day)')
    .addHelpText('after', '\nExample:\n  firectl rotate-api-key 1f0c… --overlap 3600s');
  rotate.action(
    act(async (session: Session, id: string | undefined, { overlap }: Flags) => {
      const body = { keyId: readName(id), ...(overlap === undefined ? {} : { overlap }) };
      await callAccount(session, undefined, 'rotate', { body, key: 'apiKeys' });
    }),
  );
}

function addOperatorCommands(program: Command, act: Act): void {
  const grant = program
    .command('grant-credit [account]')
    .description('Give an account credit (operators).')
    .requiredOption('--amount <usd>', 'such as 20 or 12.50')
    .option('--description <string>', 'why; the account sees it')
    .option('--request-id <string>', 'told again with the same id, it is granted once')
    .addHelpText('after', '\nExample:\n  firectl grant-credit acme --amount 20');
  grant.action(
    act((session: Session, account: string | undefined, flags: Flags) =>
      callAccount(session, readName(account), 'grantCredit', { body: readMoney(flags) }),
    ),
  );
  const payment = program
    .command('record-payment [account]')
    .description('Record money that came in: for open invoices first, then as credit (operators).')
    .requiredOption('--amount <usd>', 'such as 63 or 12.50')
    .option('--failed-invoice <id>', 'the payment of this invoice failed')
    .option('--description <string>', 'such as the reference of the bank')
    .option('--request-id <string>', 'told again with the same id, it is recorded once')
    .addHelpText('after', '\nExample:\n  firectl record-payment acme --amount 63 --request-id bank-4711');
  payment.action(
    act((session: Session, account: string | undefined, flags: Flags) => {
      const failed =
        flags.failedInvoice === undefined ? {} : { state: 'FAILED', invoice: flags.failedInvoice };
      const body = { ...readMoney(flags), ...failed };
      return callAccount(session, readName(account), 'recordPayment', { body });
    }),
  );
  const tier = program
    .command('set-tier [account] [tier]')
    .description('Set the spending tier of an account: TIER_1 to TIER_4 or UNLIMITED (operators).')
    .addHelpText('after', '\nExample:\n  firectl set-tier acme TIER_2');
  tier.action(
    act((session: Session, account: string | undefined, name: string | undefined) =>
      callAccount(session, readName(account), 'update', { body: { tier: readName(name).toUpperCase() } }),
    ),
  );
  for (const verb of ['block', 'unblock'] as const) {
    const command = program
      .command(`${verb}-account [account]`)
      .description(
        `${verb === 'block' ? 'Suspend an account' : 'Lift the block of an account'} (operators).`,
      );
    command.action(
      act((session: Session, account: string | undefined) =>
        callAccount(session, readName(account), verb, { body: {} }),
      ),
    );
  }
}

function addReadCommands(program: Command, act: Act): void {
  const balance = program
    .command('balance [account]')
    .description('Credit, what is owed, and what was used this month.');
  balance.action(
    act((session: Session, account: string | undefined) => callAccount(session, account, 'getBalance', {})),
  );
  const usage = program
    .command('usage-report [account]')
    .description('What was used, as a table, CSV or JSON.')
    .option('--start-time <time>', 'from this day on, such as 2026-11-01T00:00:00Z (default: this month)')
    .option('--end-time <time>', 'before this day')
    .option('--group-by <list>', 'of day, kind, item, model, deployment, apiKeyId, user')
    .option('--format <format>', 'csv or json: a file on standard output')
    .addHelpText(
      'after',
      '\nExample:\n  firectl usage-report --group-by day,apiKeyId --format csv > usage.csv',
    );
  usage.action(
    act((session: Session, account: string | undefined, flags: Flags) => showUsage(session, account, flags)),
  );
  const invoice = program
    .command('download-invoice [invoice]')
    .description('Write an invoice as an HTML page to standard output.')
    .addHelpText('after', '\nExample:\n  firectl download-invoice i-2026-11 > invoice.html');
  invoice.action(
    act(async (session: Session, id: string | undefined) => {
      const account = await session.client().resources.account();
      const name = resolveReference(resources.invoices.pattern, readName(id), account);
      const method = methodOf(resources.invoices, 'download', 'verb');
      const file = await sendCall<{ content: string }>(session, { method, name });
      if (file !== null) session.streams.out(file.content);
    }),
  );
  addPreview(program, act);
}

const previewFlags = [
  'model',
  'prompt-tokens',
  'cached-prompt-tokens',
  'completion-tokens',
  'accelerator-type',
  'accelerator-count',
  'replica-count',
  'duration-seconds',
  'base-model',
  'training-tokens',
] as const;

function addPreview(program: Command, act: Act): void {
  const command = program
    .command('preview-cost')
    .description('What requests, a deployment or fine-tuning would cost.')
    .addHelpText(
      'after',
      '\nExamples:\n  firectl preview-cost --model my-model --prompt-tokens 1000000\n' +
        '  firectl preview-cost --accelerator-type NVIDIA_H100_80GB --accelerator-count 8 --duration-seconds 3600',
    );
  for (const name of previewFlags) command.option(`--${name} <string>`);
  command.action(
    act((session: Session, flags: Flags) => callAccount(session, undefined, 'previewCost', { body: flags })),
  );
}

async function showUsage(session: Session, account: string | undefined, flags: Flags): Promise<void> {
  const { startTime, endTime, groupBy, format } = flags;
  const query = { startTime, endTime, groupBy };
  if (format !== undefined) {
    const known = ['csv', 'json'].includes(format);
    if (!known) throw new UsageError(`--format is csv or json, not '${format}'`);
    const call = { query: { ...query, format: format.toUpperCase() } };
    const file = await sendAccount<{ content: string }>(session, account, 'exportUsage', call);
    if (file !== null) session.streams.out(file.content);
    return;
  }
  const report = await sendAccount<{ rows: Record<string, unknown>[]; totalUsd: string }>(
    session,
    account,
    'listUsage',
    { query },
  );
  if (report === null) return;
  if (session.flags.output === 'json') return printResource(session, report);
  const grouped = (groupBy ?? 'day,kind,model').split(',').map((name) => name.trim());
  const columns = [...grouped, 'requestCount', 'promptTokens', 'completionTokens', 'gpuSeconds', 'costUsd'];
  session.streams.out(formatTable(columns, report.rows));
  session.streams.note(`Total: ${report.totalUsd} USD\n`);
}

function readMoney(flags: Flags): Record<string, string> {
  const { amount = '', description, requestId } = flags;
  if (!/^\d{1,9}(\.\d{1,9})?$/.test(amount)) {
    throw new UsageError(`--amount must be an amount in USD such as 12.50, not '${amount}'`);
  }
  return {
    amountUsd: amount,
    ...(description === undefined ? {} : { description }),
    ...(requestId === undefined ? {} : { requestId }),
  };
}

interface AccountCall {
  readonly body?: unknown;
  readonly query?: Readonly<Record<string, string | undefined>>;
  /** Resource of the method; accounts unless told. */
  readonly key?: 'accounts' | 'apiKeys';
}

/** Calls a method of an account (the caller's own unless named) and prints the answer. */
async function callAccount(
  session: Session,
  account: string | undefined,
  methodKey: string,
  call: AccountCall,
): Promise<void> {
  const answer = await sendAccount(session, account, methodKey, call);
  if (answer !== null) printResource(session, answer);
}

async function sendAccount<Reply>(
  session: Session,
  account: string | undefined,
  methodKey: string,
  { body, query, key = 'accounts' }: AccountCall,
): Promise<Reply | null> {
  const own = account ?? (await session.client().resources.account());
  const name = own.startsWith('accounts/') ? own : `accounts/${own}`;
  const resource = resources[key];
  const method = methodOf(resource, methodKey, methodKey === 'update' ? 'update' : 'verb');
  return sendCall<Reply>(session, { method, name, query, ...(body === undefined ? {} : { body }) });
}
