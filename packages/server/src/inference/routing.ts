/** The gateway's in-memory picture of what can serve: replaced whole, never mutated, refreshed by NOTIFY. */

export interface ReplicaRoute {
  readonly id: string;
  /** Where the replica listens: a Unix socket path or an http(s) base URL. */
  readonly address: { readonly socketPath: string } | { readonly baseUrl: string };
  readonly state: 'starting' | 'ready' | 'draining';
  /** Addons that it has loaded; left out: it takes them all (a server that is not ours). */
  readonly adapters?: ReadonlySet<string>;
}

export interface DeploymentRoute {
  /** accounts/A/deployments/D */
  readonly name: string;
  readonly account: string;
  /** Base model, accounts/A/models/M. */
  readonly baseModel: string;
  /** Which dialect its replicas speak: a key of `dialects`. */
  readonly dialect: string;
  readonly replicas: readonly ReplicaRoute[];
  readonly state: 'starting' | 'ready' | 'asleep' | 'failed' | 'stopping';
  /** A reason people can read when it is not ready. */
  readonly reason: string | null;
  /** Whether requests of one user or session go to one replica; shared deployments always do that. */
  readonly sessionAffinity?: boolean;
  /** What a server that is not ours calls the base model; left out or null: its full name here. */
  readonly upstreamModel?: string | null;
  /** Key that a server that is not ours wants; sent as a bearer token, never logged. */
  readonly upstreamKey?: string | null;
}

/** A model (base or adapter) as deployed on one deployment. */
export interface DeployedModelRoute {
  /** accounts/A/deployedModels/X */
  readonly name: string;
  /** accounts/A/models/M */
  readonly model: string;
  readonly deployment: string;
  /** Adapter id on the replicas, or null for the base model itself. */
  readonly adapter: string | null;
  readonly isDefault: boolean;
  readonly public: boolean;
  readonly state: 'deploying' | 'deployed' | 'undeploying' | 'failed';
  /** Why it failed to load; a request for it is a 412 with this text. */
  readonly reason: string | null;
}

/** How a model wants to be talked to, where that is not as its files say. */
export interface Conversation {
  /** Jinja source; null: the model's own. */
  readonly template: string | null;
  /** Default system message; null: none. */
  readonly system: string | null;
}

export interface ModelRoute {
  readonly name: string;
  readonly account: string;
  readonly public: boolean;
  readonly kind: string;
  readonly contextLength: number;
  readonly supportsImageInput: boolean;
  readonly supportsTools: boolean;
  readonly supportsChat: boolean;
  readonly createTimeMs: number;
  readonly priceClass: string;
  /** 0 or left out: not known. */
  readonly parameterCount?: number;
  /** Left out: as its files say. */
  readonly conversation?: Conversation;
}

/** A deployment's own host name. */
export interface DirectRoute {
  readonly deployment: string;
  readonly account: string;
  /** Of the only keys that are let through there, as KeyDirectory hashes them. */
  readonly keyHashes: readonly Buffer[];
}

export interface RoutingSnapshot {
  /** Rises with each refresh. */
  readonly version: number;
  readonly models: ReadonlyMap<string, ModelRoute>;
  readonly deployments: ReadonlyMap<string, DeploymentRoute>;
  readonly deployedModels: ReadonlyMap<string, DeployedModelRoute>;
  /** By host name, in small letters; left out: there are none. */
  readonly directRoutes?: ReadonlyMap<string, DirectRoute>;
}

export interface RoutingTable {
  current(): RoutingSnapshot;
}
