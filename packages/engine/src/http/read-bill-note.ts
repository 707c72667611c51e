import type { FastifyRequest } from 'fastify';
import type { BillNote } from './request-usage.ts';

/** Longer ones are of no gateway of ours. */
const lengthMax = 4_096;

/**
 * What the gateway says in `sparkler-gateway` and `sparkler-bill` (docs/engine-protocol.md); null: nothing.
 */
export function readBillNote({ headers }: FastifyRequest): BillNote | null {
  const { 'sparkler-gateway': gateway, 'sparkler-bill': bill } = headers;
  if (typeof gateway !== 'string' || typeof bill !== 'string') return null;
  return gateway.length > 128 || bill.length > lengthMax ? null : { gateway, bill };
}
