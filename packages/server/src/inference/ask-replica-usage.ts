import { Client } from 'undici';
import type { ReplicaRoute } from './routing.ts';
import type { TokenCounts } from './token-counts.ts';

/** What an engine says of a request (docs/engine-protocol.md). */
export interface ReplicaUsage {
  readonly state: 'running' | 'finish' | 'error' | 'aborted';
  readonly tokens: TokenCounts;
  readonly durationMs: number;
  /** What its gateway said of it; null: nothing. */
  readonly bill: string | null;
}

interface UsageAnswer {
  readonly data: readonly {
    readonly request_id: string;
    readonly state: ReplicaUsage['state'];
    readonly prompt_tokens: number;
    readonly cached_tokens: number;
    readonly generated_tokens: number;
    readonly duration_ms: number;
    readonly bill?: string;
  }[];
}

/** Nobody is there who knows of requests: asking again is of no use. */
export class ReplicaGoneError extends Error {
  override readonly name = 'ReplicaGoneError';
}

const idsPerQuestion = 1_000;

/**
 * Asks an engine what requests used; those that it does not know are left out. Throws ReplicaGoneError, or
 * another error when it did not answer in time.
 */
export async function askReplicaUsage(
  address: ReplicaRoute['address'],
  ids: readonly string[],
): Promise<Map<string, ReplicaUsage>> {
  return withReplica(address, async (ask) => {
    const found = new Map<string, ReplicaUsage>();
    for (let start = 0; start < ids.length; start += idsPerQuestion) {
      const question = { request_ids: ids.slice(start, start + idsPerQuestion) };
      const answer = await ask<UsageAnswer>('/v1/request_usage', question);
      for (const used of answer.data) found.set(used.request_id, toReplicaUsage(used));
    }
    return found;
  });
}

/** Ids of the requests that an engine had from a gateway and still knows. Throws as the above. */
export function askRequestsOfGateway(
  address: ReplicaRoute['address'],
  gateway: string,
): Promise<readonly string[]> {
  return withReplica(address, async (ask) => {
    const answer = await ask<{ readonly request_ids: readonly string[] }>('/v1/requests_of_gateway', {
      gateway,
    });
    return answer.request_ids;
  });
}

type Ask = <Answer>(path: string, question: object) => Promise<Answer>;

async function withReplica<Result>(
  address: ReplicaRoute['address'],
  run: (ask: Ask) => Promise<Result>,
): Promise<Result> {
  const url = new URL('baseUrl' in address ? address.baseUrl : 'http://replica');
  const timeouts = { connect: { timeout: 2_000 }, headersTimeout: 5_000, bodyTimeout: 5_000 };
  const socket = 'socketPath' in address ? { socketPath: address.socketPath } : {};
  const client = new Client(url.origin, { ...timeouts, ...socket });
  const prefix = url.pathname.replace(/\/+$/, '');
  try {
    return await run((path, question) => askReplica(client, prefix + path, question));
  } finally {
    await client.destroy();
  }
}

async function askReplica<Answer>(client: Client, path: string, question: object): Promise<Answer> {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify(question);
  const response = await client.request({ method: 'POST', path, headers, body }).catch((error: Error) => {
    const isGone = ['ENOENT', 'ECONNREFUSED', 'ENOTFOUND'].includes(
      String((error as { code?: string }).code),
    );
    throw isGone ? new ReplicaGoneError(error.message, { cause: error }) : error;
  });
  if (response.statusCode === 200) return (await response.body.json()) as Answer;
  await response.body.dump();
  const text = `the replica answered ${response.statusCode} when asked what requests used`;
  throw response.statusCode < 500 ? new ReplicaGoneError(text) : new Error(text);
}

function toReplicaUsage(used: UsageAnswer['data'][number]): ReplicaUsage {
  return {
    state: used.state,
    tokens: {
      promptTokens: used.prompt_tokens,
      cachedPromptTokens: used.cached_tokens,
      completionTokens: used.generated_tokens,
    },
    durationMs: used.duration_ms,
    bill: used.bill ?? null,
  };
}
