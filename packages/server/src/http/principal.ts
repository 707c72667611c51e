/** Who a request comes from, as found from its API key or its session. */
export interface Principal {
  readonly account: string;
  /** accounts/A/users/U */
  readonly user: string;
  readonly role: 'admin' | 'user' | 'contributor' | 'inference-user';
  /** What usage is counted under: the id of the key, or `session-<id>`. */
  readonly apiKeyId: string;
  /** accounts/A/sessions/S, for a person who signed in with a browser; left out: it came with a key. */
  readonly session?: string;
  readonly isServiceAccount: boolean;
  /** Whether its account wants answers without the stop string; null or left out: as the server is set. */
  readonly excludeStop?: boolean | null;
  /** Whether its account asked for prompts and answers to be stored. */
  readonly logsRequests?: boolean;
  /** Full name of the one deployment that the key is for; left out: all that the account may query. */
  readonly deployment?: string;
  /** Left out: the key is not limited. */
  readonly scope?: KeyScope;
}

/** What a key is limited to beyond what its user may do. */
export interface KeyScope {
  /** Full names of models that it can query; null: all. */
  readonly models: ReadonlySet<string> | null;
  /** Full names of deployments that it can query; null: all. */
  readonly deployments: ReadonlySet<string> | null;
  /** It reads resources and runs no inference. */
  readonly readOnly: boolean;
}

/** Keys in memory: looked up by salted hash, compared in constant time. Refreshed by NOTIFY. */
export interface KeyDirectory {
  /** Null when the key is unknown, expired or deleted. */
  find(key: string): Principal | null;
  /** The form in which keys are stored; null before the directory is loaded. */
  hash?(key: string): Buffer | null;
  /** Reads the keys again, when the process that asks has just changed them; others hear of it by NOTIFY. */
  refresh?(): Promise<void>;
}
