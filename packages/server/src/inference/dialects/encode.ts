import { DEFAULT_COMPLETION_TOKENS, InferenceError } from '@sparkler/api';
import type { Dialect, OutgoingRequest } from './dialect.ts';
import { encodeResponseFormat } from './encode-response-format.ts';
import { refuseLacking } from './refuse-lacking.ts';

type Body = Record<string, unknown>;

/**
 * The body to send to a replica. Refuses by name what the replica's server lacks, as a 400: an option that is
 * accepted and ignored would be a silent wrong answer.
 */
export function encodeRequest(dialect: Dialect, request: OutgoingRequest): Buffer {
  if (dialect.extension) return spliceExtension(request);
  refuseLacking(dialect, request);
  if (request.extension.adapter && !dialect.adapterAsModel) {
    throw new InferenceError(
      400,
      `the server behind this model (${dialect.name}) can't choose an adapter by request`,
      {
        param: 'model',
      },
    );
  }
  const body: Body = {};
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
  if (request.endpoint === 'chat' || request.endpoint === 'completions') {
    encodeGeneration(dialect, request.endpoint, body);
  }
  return Buffer.from(JSON.stringify(body));
}

/** What chats and completions have of their own. */
function encodeGeneration(dialect: Dialect, endpoint: 'chat' | 'completions', body: Body): void {
  if (endpoint === 'completions' && body.max_completion_tokens !== undefined) {
    // OpenAI's completions never got the newer name.
    body.max_tokens = body.max_completion_tokens;
    body.max_completion_tokens = undefined;
  }
  const hasLimit = body.max_tokens !== undefined || body.max_completion_tokens !== undefined;
  if (dialect.sendsTokenDefault && !hasLimit) body.max_tokens = DEFAULT_COMPLETION_TOKENS;
  // Our other name for it.
  if (body.tool_choice === 'any') body.tool_choice = 'required';
  if (body.response_format !== undefined) {
    const given = body.response_format;
    body.response_format = undefined;
    Object.assign(body, encodeResponseFormat(given, dialect));
  }
  if (endpoint === 'completions' && body.logprobs === true) {
    // Completions take a number whatever form they answer in; zero would be none at all.
    body.logprobs = Math.max(1, Number(body.top_logprobs ?? 0));
    body.top_logprobs = undefined;
  }
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
