import { type RawBuilder, sql } from 'kysely';

/** The update time of a row that changes now: later than its last one, so that each version has its own. */
export const nextUpdateTime: RawBuilder<Date> = sql<Date>`greatest(now(), update_time + interval '1 millisecond')`;
