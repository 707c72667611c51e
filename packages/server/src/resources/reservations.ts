import { randomBytes } from 'node:crypto';
import { ApiError, invalidField } from '@sparkler/api';
import type { reservations } from '@sparkler/api/resources';
import { type Fleet, findPool } from '../capacity/fleet.ts';
import { isDuplicate } from '../store/postgres-errors.ts';
import {
  countReservedWithin,
  insertReservation,
  listReservations,
  lockReservations,
  type ReservationResource,
  readReservation,
} from '../store/reservations.ts';
import type { ControlPlaneContext } from './control-plane-context.ts';
import type { HandlersOf } from './handler.ts';

/** Accelerators kept for an account; its deployments use them before any on demand. */
export function makeReservationHandlers(context: ControlPlaneContext): HandlersOf<typeof reservations> {
  const { db, now, fleet } = context;
  return {
    list: ({ ids, list }) => listReservations(db, ids.account, list),
    async get({ name }) {
      const found = await readReservation(db, name);
      if (found === null) throw new ApiError('NOT_FOUND', `there is no ${name}`);
      return found;
    },
    async create({ ids, name: parent, id, resource }, { principal }) {
      const name = `${parent}/reservations/${id ?? `r${randomBytes(4).toString('hex')}`}`;
      const made = fillIn({ ...resource, name, createdBy: principal.user }, now());
      const total = requirePool(fleet, made);
      return db.transaction().execute(async (transaction) => {
        await lockReservations(transaction);
        const others = await countReservedWithin(transaction, made);
        if (others + made.reservedCount! > total) {
          const sum = `${others} reserved + ${made.reservedCount} wanted > ${total} in ${made.region}`;
          throw new ApiError('RESOURCE_EXHAUSTED', `there are not enough ${made.acceleratorType}: ${sum}`);
        }
        return insertReservation(transaction, ids.account, made).catch((error) => {
          if (isDuplicate(error)) throw new ApiError('ALREADY_EXISTS', `${name} exists already`);
          throw error;
        });
      });
    },
  };
}

/** From the next midnight in UTC, for a year, unless it says otherwise. */
function fillIn(wanted: ReservationResource, nowMs: number): ReservationResource {
  const dayMs = 24 * 3_600_000;
  const start = new Date(wanted.startTime ?? (Math.floor(nowMs / dayMs) + 1) * dayMs);
  const inAYear = new Date(start);
  inAYear.setUTCFullYear(start.getUTCFullYear() + 1);
  const end = new Date(wanted.endTime ?? inAYear);
  if (end <= start) throw invalidField('endTime', `endTime must be after startTime, ${start.toISOString()}`);
  return { ...wanted, startTime: start.toISOString(), endTime: end.toISOString() };
}

/** How many there are of what is to be reserved. Throws ApiError. */
function requirePool(fleet: Fleet | null, { region, acceleratorType }: ReservationResource): number {
  if (fleet === null) {
    throw new ApiError(
      'FAILED_PRECONDITION',
      'this server has no fleet to reserve from; start it with SPARKLER_FLEET',
    );
  }
  const pool = findPool(fleet, region ?? '', acceleratorType ?? '');
  if (pool === null) throw invalidField('acceleratorType', `${region} has no ${acceleratorType}`);
  return pool.count;
}
