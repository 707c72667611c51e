import type { EngineRequestExtension } from '@sparkler/api';

export type EndpointName = 'chat' | 'completions' | 'embeddings' | 'rerank' | 'format-check';

/** How to talk to one kind of server, as data: what it serves, what it calls things, what it can't do. */
export interface Dialect {
  readonly name: string;
  /** Path of each endpoint under the replica's base URL; null: the server has no such endpoint. */
  readonly paths: Readonly<Record<EndpointName, string | null>>;
  /** Whether the server takes and returns the field `sparkler` (docs/engine-protocol.md). */
  readonly extension: boolean;
  /** Whether streams have usage in the last chunk only after `stream_options.include_usage`. */
  readonly asksForUsage: boolean;
  /** Fields under another name on that server. */
  readonly renames: Readonly<Record<string, string>>;
  /**
   * Field that keeps prompt caches of different keys apart; null: the server has none, so a caller's key is
   * refused.
   */
  readonly isolationField: string | null;
  /** Fields that only the gateway acts on: taken off, their effect is complete without them. */
  readonly gatewayFields: readonly string[];
  /**
   * Features the server lacks, each with the reason told to the caller. `false`, null, absent are no use of
   * them.
   */
  readonly lacking: Readonly<Record<string, string>>;
  /** More that it lacks on its chat endpoint alone. */
  readonly lackingInChat: Readonly<Record<string, string>>;
  /**
   * The form in which it answers log probabilities: objects (`logprobs: true`) or parallel arrays (`logprobs:
   * N`). A request for the other form is refused. Null: both, as asked.
   */
  readonly logprobsForm: Readonly<Record<'chat' | 'completions', LogprobsForm>> | null;
  /** Field that takes a GBNF grammar; null: it has none. */
  readonly grammarField: string | null;
  /**
   * Why a request may have one prompt and one choice only; null: it may have several. A server whose `usage`
   * counts one of several would give the others away.
   */
  readonly oneAnswerOnly: string | null;
  /**
   * Whether requests without `max_tokens` get the default of this API. Not for a server that refuses what
   * exceeds its context: there the rest of the context is the limit.
   */
  readonly sendsTokenDefault: boolean;
  /** Whether adapters can be chosen per request, and how: as the `model` sent. */
  readonly adapterAsModel: boolean;
  /**
   * Field that keeps the stop string in the text, as ours have it; null: the server always leaves it out.
   */
  readonly includeStopField: string | null;
  /** Prefix of response headers that callers get too; null: none. */
  readonly headerPrefix: string | null;
}

export type LogprobsForm = 'objects' | 'arrays';

/** A checked request on its way to a replica. */
export interface OutgoingRequest {
  readonly endpoint: EndpointName;
  /** The body as received. */
  readonly raw: Buffer;
  /** The same, parsed and checked. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Name of the model as the server behind it knows it. */
  readonly model: string;
  readonly extension: EngineRequestExtension;
  /** Whether the model's chat template has a place for tools. */
  readonly supportsTools: boolean;
}
