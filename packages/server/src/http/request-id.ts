import type { IncomingMessage } from 'node:http';

/**
 * Ids that clients may choose: enough for UUIDs, ULIDs and trace ids, nothing that could break a log or a
 * header.
 */
const wellFormed = /^[A-Za-z0-9][A-Za-z0-9._:-]{7,127}$/;

/** The id shown for a request: the client's `x-request-id` when well-formed, else a fresh one. */
export function chooseRequestId(incoming: IncomingMessage, newId: () => string): string {
  const given = incoming.headers['x-request-id'];
  return typeof given === 'string' && wellFormed.test(given) ? given : newId();
}
