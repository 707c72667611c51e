import type { ListPage, ListQuery } from '@sparkler/api';
import { sql } from 'kysely';
import type { DatabaseOrTransaction } from './database.ts';
import { column, type FieldMap, namedColumns, unset } from './lists/field-sql.ts';
import { listRows } from './lists/list-rows.ts';

export interface StoredPayment {
  readonly name: string;
  readonly account: string;
  readonly kind: 'payment' | 'grant';
  readonly state: 'SUCCEEDED' | 'FAILED';
  readonly amountNanos: bigint;
  readonly invoicedNanos: bigint;
  readonly provider: string;
  readonly description: string;
  readonly createTime: Date;
}

interface PaymentRow {
  name: string;
  account: string;
  kind: StoredPayment['kind'];
  state: StoredPayment['state'];
  amount: string;
  invoiced: string;
  provider: string;
  description: string;
  create_time: Date;
}

const paymentColumns = sql`name, account, kind, state, amount_nanos::text as amount,
  invoiced_nanos::text as invoiced, provider, description, create_time`;

const paymentFields: FieldMap = {
  ...namedColumns('name', 'state', 'provider', 'description', 'createTime'),
  kind: column(sql`upper(kind)`),
  amountUsd: unset,
  invoicedUsd: unset,
};

export function listPayments<Item>(
  db: DatabaseOrTransaction,
  account: string,
  query: ListQuery,
  toItem: (payment: StoredPayment) => Item,
): Promise<ListPage<Item>> {
  const scope = sql`account = ${account}`;
  const source = { from: sql`payments`, columns: paymentColumns, scope, fields: paymentFields };
  return listRows(db, { ...source, uniqueKey: sql`name` }, query, (row: PaymentRow) =>
    toItem(toPayment(row)),
  );
}

function toPayment(row: PaymentRow): StoredPayment {
  return {
    name: row.name,
    account: row.account,
    kind: row.kind,
    state: row.state,
    amountNanos: BigInt(row.amount),
    invoicedNanos: BigInt(row.invoiced),
    provider: row.provider,
    description: row.description,
    createTime: row.create_time,
  };
}

export async function readPayment(db: DatabaseOrTransaction, name: string): Promise<StoredPayment | null> {
  const { rows } = await sql<PaymentRow>`select ${paymentColumns} from payments where name = ${name}`.execute(
    db,
  );
  return rows[0] === undefined ? null : toPayment(rows[0]);
}

export async function insertPayment(db: DatabaseOrTransaction, payment: StoredPayment): Promise<void> {
  await sql`
    insert into payments (name, account, kind, state, amount_nanos, invoiced_nanos, provider, description, create_time)
    values (${payment.name}, ${payment.account}, ${payment.kind}, ${payment.state},
      ${String(payment.amountNanos)}::bigint, ${String(payment.invoicedNanos)}::bigint, ${payment.provider},
      ${payment.description}, ${payment.createTime})`.execute(db);
  if (payment.kind !== 'payment' || payment.state !== 'SUCCEEDED') return;
  await sql`
    update account_balances set paid_nanos = paid_nanos + ${String(payment.amountNanos)}::bigint
    where account = ${payment.account}`.execute(db);
}
