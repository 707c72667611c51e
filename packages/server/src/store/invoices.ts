import type { ListPage, ListQuery } from '@sparkler/api';
import { sql } from 'kysely';
import type { OpenInvoice } from '../ledger/plan-invoice.ts';
import type { DatabaseOrTransaction } from './database.ts';
import { type FieldMap, namedColumns, nullableColumn, unset } from './lists/field-sql.ts';
import { listRows } from './lists/list-rows.ts';

export interface StoredInvoice {
  readonly name: string;
  readonly account: string;
  readonly period: string;
  readonly state: 'OPEN' | 'PAID' | 'FAILED';
  readonly subtotalNanos: bigint;
  readonly creditNanos: bigint;
  readonly dueNanos: bigint;
  readonly paidNanos: bigint;
  readonly createTime: Date;
  readonly dueTime: Date;
  readonly paidTime: Date | null;
}

interface InvoiceRow {
  name: string;
  account: string;
  period: string;
  state: StoredInvoice['state'];
  subtotal: string;
  credit: string;
  due: string;
  paid: string;
  create_time: Date;
  due_time: Date;
  paid_time: Date | null;
}

const invoiceColumns = sql`name, account, period, state, subtotal_nanos::text as subtotal,
  credit_nanos::text as credit, due_nanos::text as due, paid_nanos::text as paid, create_time, due_time, paid_time`;

const invoiceFields: FieldMap = {
  ...namedColumns('name', 'period', 'state', 'createTime', 'dueTime'),
  subtotalUsd: unset,
  creditUsd: unset,
  dueUsd: unset,
  paidUsd: unset,
  lines: unset,
  paidTime: nullableColumn(sql`paid_time`),
};

export function listInvoices<Item>(
  db: DatabaseOrTransaction,
  account: string,
  query: ListQuery,
  toItem: (invoice: StoredInvoice) => Item,
): Promise<ListPage<Item>> {
  const scope = sql`account = ${account}`;
  const source = { from: sql`invoices`, columns: invoiceColumns, scope, fields: invoiceFields };
  return listRows(db, { ...source, uniqueKey: sql`name` }, query, (row: InvoiceRow) =>
    toItem(toInvoice(row)),
  );
}

export async function readInvoice(db: DatabaseOrTransaction, name: string): Promise<StoredInvoice | null> {
  const { rows } = await sql<InvoiceRow>`select ${invoiceColumns} from invoices where name = ${name}`.execute(
    db,
  );
  return rows[0] === undefined ? null : toInvoice(rows[0]);
}

function toInvoice(row: InvoiceRow): StoredInvoice {
  return {
    name: row.name,
    account: row.account,
    period: row.period,
    state: row.state,
    subtotalNanos: BigInt(row.subtotal),
    creditNanos: BigInt(row.credit),
    dueNanos: BigInt(row.due),
    paidNanos: BigInt(row.paid),
    createTime: row.create_time,
    dueTime: row.due_time,
    paidTime: row.paid_time,
  };
}

/** Invoices that still ask for something. The balance of the account must be locked. */
export async function listOpenInvoices(db: DatabaseOrTransaction, account: string): Promise<OpenInvoice[]> {
  const { rows } = await sql<{ name: string; period: string; rest: string }>`
    select name, period, (due_nanos - paid_nanos)::text as rest from invoices
    where account = ${account} and state <> 'PAID' order by period`.execute(db);
  return rows.map(({ name, period, rest }) => ({ name, period, restNanos: BigInt(rest) }));
}

export interface BillFacts {
  readonly balanceNanos: bigint;
  readonly subtotalNanos: bigint;
  readonly laterChargesNanos: bigint;
  readonly billedThrough: string;
}

/** What a month's invoice is computed from. The balance of the account must be locked. */
export async function readBillFacts(
  db: DatabaseOrTransaction,
  account: string,
  period: string,
): Promise<BillFacts> {
  const { rows } = await sql<{ balance: string; through: string; subtotal: string; later: string }>`
    select balance_nanos::text as balance, billed_through as through,
      (select coalesce(sum(cost_nanos), 0)::text from charges
        where account = ${account} and billing_period = ${period}) as subtotal,
      (select coalesce(sum(cost_nanos), 0)::text from charges
        where account = ${account} and billing_period > ${period}) as later
    from account_balances where account = ${account}`.execute(db);
  const row = rows[0]!;
  return {
    balanceNanos: BigInt(row.balance),
    billedThrough: row.through,
    subtotalNanos: BigInt(row.subtotal),
    laterChargesNanos: BigInt(row.later),
  };
}

export async function insertInvoice(db: DatabaseOrTransaction, invoice: StoredInvoice): Promise<void> {
  await sql`
    insert into invoices (name, account, period, state, subtotal_nanos, credit_nanos, due_nanos, create_time, due_time,
      paid_time)
    values (${invoice.name}, ${invoice.account}, ${invoice.period}, ${invoice.state},
      ${String(invoice.subtotalNanos)}::bigint, ${String(invoice.creditNanos)}::bigint,
      ${String(invoice.dueNanos)}::bigint, ${invoice.createTime}, ${invoice.dueTime}, ${invoice.paidTime})`.execute(
    db,
  );
}

/** A month is billed: what comes for it from now on goes to the next. */
export async function writeBilledThrough(
  db: DatabaseOrTransaction,
  account: string,
  period: string,
): Promise<void> {
  await sql`
    update account_balances set billed_through = ${period} where account = ${account}`.execute(db);
}

export async function payInvoice(
  db: DatabaseOrTransaction,
  name: string,
  nanos: bigint,
  time: Date,
): Promise<void> {
  const amount = String(nanos);
  await sql`
    update invoices set paid_nanos = paid_nanos + ${amount}::bigint,
      state = case when paid_nanos + ${amount}::bigint = due_nanos then 'PAID' else state end,
      paid_time = case when paid_nanos + ${amount}::bigint = due_nanos then ${time}::timestamptz end
    where name = ${name}`.execute(db);
}

/** Marks invoices failed: the one that is named, or all that are past their day. */
export async function failInvoices(
  db: DatabaseOrTransaction,
  which: { readonly name: string } | { readonly dueBefore: Date },
): Promise<void> {
  const condition = 'name' in which ? sql`name = ${which.name}` : sql`due_time < ${which.dueBefore}`;
  await sql`update invoices set state = 'FAILED' where state = 'OPEN' and ${condition}`.execute(db);
}

/** Accounts that are billed and have charges of months up to `period` that are on no invoice. */
export async function listUnbilled(
  db: DatabaseOrTransaction,
  period: string,
): Promise<{ readonly account: string; readonly period: string }[]> {
  const { rows } = await sql<{ account: string; period: string }>`
    select charges.account, min(billing_period) as period from charges
    join accounts on accounts.id = charges.account and accounts.payment_method <> 'house'
    left join account_balances on account_balances.account = charges.account
    where billing_period <= ${period} and billing_period > coalesce(billed_through, '')
    group by charges.account order by charges.account`.execute(db);
  return rows;
}
