import { InferenceError } from '@sparkler/api';
import type { Dialect, OutgoingRequest } from './dialect.ts';

/** Throws a 400 that names the first thing in a request that the server behind its model can't do. */
export function refuseLacking(dialect: Dialect, request: OutgoingRequest): void {
  const { fields, endpoint } = request;
  const lacking = endpoint === 'chat' ? { ...dialect.lacking, ...dialect.lackingInChat } : dialect.lacking;
  for (const [path, reason] of Object.entries(lacking)) {
    if (isUsed(readPath(fields, path))) throw refusal(path, reason);
  }
  refuseTools(request);
  refuseLogprobs(dialect, request);
  if (dialect.grammarField === null && isUsed(readPath(fields, 'response_format.grammar'))) {
    throw refusal('response_format.grammar', `the server behind it (${dialect.name}) takes no grammars`);
  }
  if (dialect.oneAnswerOnly === null) return;
  if (typeof fields.n === 'number' && fields.n > 1) throw refusal('n', dialect.oneAnswerOnly);
  const { prompt } = fields;
  // Several texts, or several lists of token ids; a list of numbers is one.
  if (Array.isArray(prompt) && prompt.length > 1 && typeof prompt[0] !== 'number')
    throw refusal('prompt', dialect.oneAnswerOnly);
}

/**
 * A server leaves tools out where the model's template has no place for them, and the model never hears of
 * them. Our own engines have a default instead.
 */
function refuseTools({ fields, supportsTools }: OutgoingRequest): void {
  if (supportsTools) return;
  for (const field of ['tools', 'functions'] as const) {
    const list = fields[field];
    if (Array.isArray(list) && list.length > 0)
      throw refusal(field, 'its chat template has no place for tools');
  }
}

/** Answers are passed on as they are, so a request for the other form of them would be a wrong answer. */
function refuseLogprobs({ logprobsForm, name }: Dialect, { endpoint, fields }: OutgoingRequest): void {
  if (logprobsForm === null || (endpoint !== 'chat' && endpoint !== 'completions')) return;
  const { logprobs } = fields;
  const form = logprobsForm[endpoint];
  if (typeof logprobs === 'number' && form === 'objects') {
    const instead = `send "logprobs": true${logprobs > 0 ? `, "top_logprobs": ${logprobs}` : ''}`;
    throw refusal('logprobs', `${name} answers them as objects; ${instead} instead`);
  }
  if (logprobs === true && form === 'arrays') {
    const instead = `send "logprobs": ${Number(fields.top_logprobs ?? 0)} without top_logprobs`;
    throw refusal('logprobs', `${name} answers them as arrays; ${instead} instead`);
  }
}

function refusal(path: string, reason: string): InferenceError {
  const message = `'${path}' can't be honoured for this model: ${reason}; leave it out`;
  return new InferenceError(400, message, { param: path });
}

/** `false`, null and absent are no use of a feature. */
function isUsed(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false;
}

function readPath(fields: Readonly<Record<string, unknown>>, path: string): unknown {
  let value: unknown = fields;
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}
