/** What to run as one replica. */
export interface ReplicaSpec {
  /** Unique for ever; a replica that died is replaced under a new id. */
  readonly id: string;
  /** accounts/A/deployments/D */
  readonly deployment: string;
  /** Generation of the deployment it is launched for. */
  readonly generation: number;
  /** Equal for replicas that would run the same thing; a replica with another key is outdated. */
  readonly specKey: string;
  /** Name under which the engine answers: accounts/A/models/M. */
  readonly servedName: string;
  readonly runner: 'llama-cpp' | 'scripted';
  /** Model file; null for the scripted runner. */
  readonly modelPath: string | null;
  /** Model file of a smaller model that guesses ahead; null: none. */
  readonly draftModelPath: string | null;
  readonly threads: number;
  readonly cells: number;
  readonly sequences: number;
  readonly batchTokens: number;
  /**
   * Tokens of one draft, and tokens that must repeat to draft from the text; left out: the engine's defaults.
   */
  readonly draftTokens?: number;
  readonly ngramTokens?: number;
  /** Time until its accelerators are there; left out: they are. */
  readonly launchDelayMs?: number;
}

/**
 * starting: launched, not yet answering. ready: serves. draining: takes no new requests, finishes those it
 * has. stopping: told to end at once. exited: gone; kept until forgotten so that the reason can be read.
 */
export type ReplicaState = 'starting' | 'ready' | 'draining' | 'stopping' | 'exited';

/** A replica as its launcher sees it now. */
export interface ObservedReplica {
  readonly id: string;
  readonly deployment: string;
  readonly generation: number;
  readonly specKey: string;
  readonly address: { readonly socketPath: string } | { readonly baseUrl: string };
  readonly pid: number | null;
  readonly state: ReplicaState;
  readonly launchTimeMs: number;
  /** Null if it never was. */
  readonly readyTimeMs: number | null;
  /** How it ended, once exited. */
  readonly exit: ReplicaExit | null;
}

export interface ReplicaExit {
  readonly timeMs: number;
  /** True when we asked for it. */
  readonly wanted: boolean;
  /** For people: signal or code, and the last lines it wrote. */
  readonly reason: string;
}

/**
 * Runs replicas somewhere: as child processes, or on Kubernetes. Level-triggered: a reconciler looks at what
 * is there and asks for what is missing; every request may be repeated.
 */
export interface Launcher {
  readonly kind: string;
  /** Begins a replica; returns before it is ready. Nothing happens when its id is known already. */
  launch(spec: ReplicaSpec): Promise<void>;
  /** Lets a replica finish what it has, then ends it. */
  drain(id: string): Promise<void>;
  /** Ends a replica now; resolves when it is gone. */
  stop(id: string): Promise<void>;
  /** Drops the record of an exited replica. */
  forget(id: string): Promise<void>;
  observe(deployment: string): Promise<readonly ObservedReplica[]>;
  /** Calls back with the deployment's name whenever one of its replicas changed state. */
  onChange(listener: (deployment: string) => void): void;
  /** Calls back while a replica reads its model; 0 to 1. */
  onLoading(listener: (deployment: string, fraction: number) => void): void;
  /** Ends all replicas. */
  close(): Promise<void>;
}
