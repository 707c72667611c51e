import { displayName, fixed, int32, message, out, required, text, timestamp } from '../fields.ts';
import { defineResource } from '../resource.ts';
import { AcceleratorType, Region } from './enums.ts';

/** Accelerators kept for an account. */
export const Reservation = message('Reservation', {
  name: out(text('accounts/{account}/reservations/{reservation}')),
  displayName: displayName(),
  description: text(),
  createTime: out(timestamp()),
  updateTime: out(timestamp()),
  createdBy: out(text()),
  region: required(fixed(Region)),
  acceleratorType: required(fixed(AcceleratorType)),
  reservedCount: required(int32(undefined, { minimum: 1 })),
  startTime: timestamp('Inclusive. Default: the next midnight in UTC.'),
  endTime: timestamp('Exclusive. Default: one year after the start.'),
});

export const reservations = defineResource({
  noun: 'reservation',
  collection: 'reservations',
  parent: 'accounts/{account}',
  schema: Reservation,
  methods: (on) => ({
    list: on.list(),
    get: on.get(),
    create: on.create({
      idKey: 'reservationId',
      access: 'admin',
      query: message('CreateReservationParameters', {
        reservationId: text('Default: chosen by the server.'),
      }),
    }),
  }),
});
