import type { ListPage, ListQuery } from '@sparkler/api';
import type { Reservation } from '@sparkler/api/resources';
import { sql } from 'kysely';
import type { Static } from 'typebox';
import type { ReservedCapacity } from '../ledger/plan-gpu-charges.ts';
import type { Database, DatabaseOrTransaction } from './database.ts';
import { type FieldMap, namedColumns } from './lists/field-sql.ts';
import { listRows } from './lists/list-rows.ts';

export type ReservationResource = Static<typeof Reservation> & { readonly name: string };

interface ReservationRow {
  name: string;
  account: string;
  display_name: string;
  description: string;
  created_by: string;
  create_time: Date;
  update_time: Date;
  region: string;
  accelerator_type: string;
  reserved_count: number;
  start_time: Date;
  end_time: Date;
}

const fields: FieldMap = {
  ...namedColumns(
    'name',
    'displayName',
    'description',
    'createTime',
    'updateTime',
    'createdBy',
    'region',
    'acceleratorType',
    'reservedCount',
    'startTime',
    'endTime',
  ),
};

export function listReservations(
  db: Database,
  account: string,
  query: ListQuery,
): Promise<ListPage<ReservationResource>> {
  const source = { from: sql`reservations`, scope: sql`account = ${account}`, fields, uniqueKey: sql`name` };
  return listRows(db, source, query, toReservation);
}

export async function readReservation(
  db: DatabaseOrTransaction,
  name: string,
): Promise<ReservationResource | null> {
  const { rows } = await sql<ReservationRow>`select * from reservations where name = ${name}`.execute(db);
  return rows[0] === undefined ? null : toReservation(rows[0]);
}

/** Any constant will do; all servers of one database must agree on it. */
const reservationLock = 7_277_003;

/** Until the transaction ends nobody else makes a reservation: together they never exceed the fleet. */
export async function lockReservations(transaction: DatabaseOrTransaction): Promise<void> {
  await sql`select pg_advisory_xact_lock(${reservationLock})`.execute(transaction);
}

/** All complete: the handler has filled in what was left out. */
export async function insertReservation(
  db: DatabaseOrTransaction,
  account: string,
  made: ReservationResource,
): Promise<ReservationResource> {
  const { rows } = await sql<ReservationRow>`
    insert into reservations (name, account, display_name, description, created_by, region, accelerator_type,
      reserved_count, start_time, end_time)
    values (${made.name}, ${account}, ${made.displayName ?? ''}, ${made.description ?? ''},
      ${made.createdBy ?? ''}, ${made.region}, ${made.acceleratorType}, ${made.reservedCount},
      ${made.startTime}, ${made.endTime})
    returning *`.execute(db);
  return toReservation(rows[0]!);
}

/** A reservation that counts at a moment. */
export interface CountingReservation {
  readonly account: string;
  readonly region: string;
  readonly acceleratorType: string;
  readonly count: number;
}

export async function readCountingReservations(
  db: DatabaseOrTransaction,
  at: Date,
): Promise<CountingReservation[]> {
  const { rows } = await sql<CountingReservation>`
    select account, region, accelerator_type as "acceleratorType", reserved_count as count from reservations
    where start_time <= ${at} and ${at} < end_time`.execute(db);
  return rows;
}

/** Reservations of an account that touch a span of time, in seconds since 1970. */
export async function readReservedCapacity(
  db: DatabaseOrTransaction,
  account: string,
  from: number,
  to: number,
): Promise<ReservedCapacity[]> {
  const { rows } = await sql<ReservedCapacity>`
    select region, accelerator_type as "acceleratorType", reserved_count as count,
      floor(extract(epoch from start_time))::float8 as from, floor(extract(epoch from end_time))::float8 as to
    from reservations
    where account = ${account} and start_time < to_timestamp(${to}) and end_time > to_timestamp(${from})`.execute(
    db,
  );
  return rows;
}

/** Largest number of accelerators reserved at one moment within a time, over all accounts. */
export async function countReservedWithin(
  db: DatabaseOrTransaction,
  { region, acceleratorType, startTime, endTime }: ReservationResource,
): Promise<number> {
  // It can only be largest where one begins, or at the beginning.
  const { rows } = await sql<{ most: number }>`
    with here as (
      select start_time, end_time, reserved_count from reservations
      where region = ${region} and accelerator_type = ${acceleratorType}
        and start_time < ${endTime}::timestamptz and end_time > ${startTime}::timestamptz),
    moments as (
      select greatest(start_time, ${startTime}::timestamptz) as moment from here
      union select ${startTime}::timestamptz)
    select coalesce(max(total), 0)::int as most from (
      select sum(reserved_count) as total from moments
      join here on start_time <= moment and moment < end_time group by moment) as totals`.execute(db);
  return rows[0]!.most;
}

function toReservation(row: ReservationRow): ReservationResource {
  return {
    name: row.name,
    displayName: row.display_name,
    description: row.description,
    createTime: row.create_time.toISOString(),
    updateTime: row.update_time.toISOString(),
    createdBy: row.created_by,
    region: row.region,
    acceleratorType: row.accelerator_type,
    reservedCount: row.reserved_count,
    startTime: row.start_time.toISOString(),
    endTime: row.end_time.toISOString(),
  } as ReservationResource;
}
