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
  /** Whether adapters can be chosen per request, and how: as the `model` sent. */
  readonly adapterAsModel: boolean;
  /**
   * Field that keeps the stop string in the text, as ours have it; null: the server always leaves it out.
   */
  readonly includeStopField: string | null;
  /** Prefix of response headers that callers get too; null: none. */
  readonly headerPrefix: string | null;
}

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
}
