import type { ReplicaMemory } from '../../capacity/host/estimate-memory.ts';
import type { ReplicaNeed } from '../../capacity/plan-placement.ts';
import type { Room } from '../../capacity/room.ts';
import type { ObservedReplica } from '../../launch/launcher.ts';
import type { DeploymentObservedState } from '../../store/schema.ts';
import type { WeightsState } from '../weights.ts';
import type { EngineOptions } from './engine-options.ts';

/** All that is known of a deployment at one moment: its row, the files of its model, its replicas. */
export interface DeploymentObservation {
  readonly nowMs: number;
  readonly deployment: DesiredDeployment;
  readonly weights:
    | WeightsState
    | { readonly state: 'not-needed' }
    | { readonly state: 'unservable'; reason: string };
  /** The model that `weights` is about: the base model, or the draft model when only that is missing. */
  readonly weightsOf: string;
  /** File of the draft model once all weights are there; null: it has none. */
  readonly draftPath: string | null;
  readonly replicas: readonly ObservedReplica[];
  /** Those of them that run on capacity which can be taken back. */
  readonly revocable: ReadonlySet<string>;
  /** Those that have to end because no accelerator hours are left for them. Left out: none. */
  readonly overHours?: ReadonlySet<string>;
  /** How many of the missing replicas could run now; null: nobody counts, all can. */
  readonly room: { readonly firm: Room; readonly revocable: Room } | null;
  /** What a replica takes of this host's memory; null or left out: not known yet, or nobody counts. */
  readonly memory?: ReplicaMemory | null;
}

export interface DesiredDeployment {
  readonly name: string;
  readonly generation: number;
  readonly deleted: boolean;
  /** Its account may not go on: nothing of it runs. Left out: no. */
  readonly isSuspended?: boolean;
  /** What was observed last. */
  readonly state: DeploymentObservedState;
  readonly baseModel: string;
  /** Serve the copy that was prepared for this precision; null or left out: the model as it is. */
  readonly preparedPrecision?: string | null;
  /** Model that guesses ahead; null: none. */
  readonly draftModel: string | null;
  readonly minReplicaCount: number;
  readonly maxReplicaCount: number;
  readonly requestedReplicaCount: number | null;
  /** Replicas beyond maxReplicaCount, on capacity that can be taken back. */
  readonly revocableReplicaCount: number;
  /** Accelerators of one replica; null: none. */
  readonly need: Omit<ReplicaNeed, 'isRevocable'> | null;
  readonly engine: EngineOptions;
  /** What a replica of it runs, as a key: replicas with another one are outdated. */
  readonly specKey: string;
}
