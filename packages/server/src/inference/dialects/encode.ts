import { InferenceError } from '@sparkler/api';
import type { Dialect, OutgoingRequest } from './dialect.ts';

/**
 * The body to send to a replica. Refuses by name what the replica's server lacks, as a 400: an option that is
 * accepted and ignored would be a silent wrong answer.
 */
export function encodeRequest(dialect: Dialect, request: OutgoingRequest): Buffer {
  refuseLacking(dialect, request);
  if (dialect.extension) return spliceExtension(request);
  if (request.extension.adapter && !dialect.adapterAsModel) {
    throw new InferenceError(
      400,
      `the server behind this model (${dialect.name}) can't choose an adapter by request`,
      {
        param: 'model',
      },
    );
  }
  const body: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(request.fields)) {
    if (value === null || dialect.gatewayFields.includes(field) || field in dialect.lacking) continue;
    body[dialect.renames[field] ?? field] = value;
  }
  body.model = dialect.adapterAsModel ? (request.extension.adapter ?? request.model) : request.model;
  if (dialect.isolationField !== null) body[dialect.isolationField] = request.extension.isolation_key;
  if (dialect.includeStopField !== null && body.stop !== undefined) {
    body[dialect.includeStopField] = request.extension.exclude_stop !== true;
  }
  if (dialect.asksForUsage && body.stream === true) {
    body.stream_options = { ...(body.stream_options as object | undefined), include_usage: true };
  }
  return Buffer.from(JSON.stringify(body));
}

/**
 * The bytes as received with `model` and `sparkler` written before the final brace. JSON parsers keep the
 * last of repeated keys, so ours count, and a 100 KB prompt is neither parsed nor written again.
 */
function spliceExtension(request: OutgoingRequest): Buffer {
  const end = request.raw.lastIndexOf(0x7d);
  const ours = `,"model":${JSON.stringify(request.model)},"sparkler":${JSON.stringify(request.extension)}}`;
  const size = end + Buffer.byteLength(ours);
  const body = Buffer.allocUnsafe(size);
  request.raw.copy(body, 0, 0, end);
  body.write(ours, end);
  return body;
}

function refuseLacking(dialect: Dialect, request: OutgoingRequest): void {
  for (const [path, reason] of Object.entries(dialect.lacking)) {
    const value = readPath(request.fields, path);
    if (value === undefined || value === null || value === false) continue;
    throw new InferenceError(400, `'${path}' can't be honoured for this model: ${reason}; leave it out`, {
      param: path,
    });
  }
}

function readPath(fields: Readonly<Record<string, unknown>>, path: string): unknown {
  let value: unknown = fields;
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}
