import type { ReplicaMemory } from '../../capacity/host/estimate-memory.ts';
import type { ObservedReplica } from '../../launch/launcher.ts';
import type { DeploymentObservedState } from '../../store/schema.ts';
import type { DeploymentObservation, DesiredDeployment } from './observation.ts';

/** One effect. Plans leave no choice to those who apply them. */
export type DeploymentStep =
  | { readonly kind: 'fetch-weights'; readonly model: string }
  | {
      readonly kind: 'launch';
      readonly count: number;
      readonly modelPath: string | null;
      readonly draftPath: string | null;
      /** So many of them, the last ones, on capacity that can be taken back. */
      readonly revocable: number;
      /** What each of them takes of this host's memory; left out: nobody counts. */
      readonly memory?: ReplicaMemory;
    }
  | { readonly kind: 'drain'; readonly replica: string }
  | { readonly kind: 'stop'; readonly replica: string }
  | { readonly kind: 'forget'; readonly replica: string };

export interface DeploymentPlan {
  readonly steps: readonly DeploymentStep[];
  readonly details: readonly string[];
  /** What the row will say. */
  readonly state: DeploymentObservedState;
  readonly reason: string | null;
  readonly replicaCount: number;
  readonly readyCount: number;
  readonly lookAgainMs: number | null;
}

/** A replica that served this long had a good start: what killed it is not its start. */
const stableMs = 60_000;
/** Dead replicas remembered to tell a crash loop from a single crash. */
const exitsKeptMax = 8;
const crashBackOffMs = { first: 1_000, max: 60_000 };
/** Replicas that wait for capacity are looked at this often. */
const capacityLookMs = 5_000;
/** Crashes in a row after which the deployment counts as failed (it is still tried again). */
const crashesUntilFailed = 3;

/** How many replicas there should be now. */
export function deriveReplicaCount(deployment: DesiredDeployment): number {
  if (deployment.deleted || deployment.isSuspended === true) return 0;
  const { minReplicaCount, maxReplicaCount, requestedReplicaCount } = deployment;
  const wanted = requestedReplicaCount ?? Math.max(minReplicaCount, 1);
  return Math.min(Math.max(wanted, minReplicaCount), maxReplicaCount + deployment.revocableReplicaCount);
}

/** How many replicas are to be launched: on capacity that stays, and on such as can be taken back. */
export function countMissing(
  deployment: DesiredDeployment,
  replicas: readonly ObservedReplica[],
  revocable: ReadonlySet<string>,
): { readonly firm: number; readonly revocable: number } {
  const current = replicas.filter(
    ({ state, specKey }) => (state === 'starting' || state === 'ready') && specKey === deployment.specKey,
  );
  const missing = Math.max(deriveReplicaCount(deployment) - current.length, 0);
  const firmNow = current.filter(({ id }) => !revocable.has(id)).length;
  const firm = Math.min(missing, Math.max(deployment.maxReplicaCount - firmNow, 0));
  return { firm, revocable: missing - firm };
}

/** Decides what to do for a deployment. Pure: the same observation gives the same plan. */
export function planDeployment(observation: DeploymentObservation): DeploymentPlan {
  const { deployment, replicas } = observation;
  const wanted = deriveReplicaCount(deployment);
  const alive = replicas.filter((replica) => replica.state === 'starting' || replica.state === 'ready');
  const current = alive.filter((replica) => replica.specKey === deployment.specKey);
  const outdated = alive.filter((replica) => replica.specKey !== deployment.specKey);
  const launch = planLaunch(observation);
  const removal = planRemovals(observation, wanted, current, outdated, launch.blocked);
  const exits = planForgetting(deployment, replicas);
  const ready = alive.filter((replica) => replica.state === 'ready').length - removal.drainedReady;
  const gone = replicas.every((replica) => replica.state === 'exited');
  const state = deriveState({ deployment, wanted, ready, gone, failed: launch.failed });
  return {
    steps: [...exits, ...removal.steps, ...launch.steps],
    details: [
      ...(state === deployment.state ? [] : [`${deployment.state} -> ${state}`]),
      ...removal.details,
      ...launch.details,
    ],
    state,
    reason: deriveReason(deployment, state, launch),
    replicaCount: alive.length + replicas.filter((replica) => replica.state === 'draining').length,
    readyCount: Math.max(ready, 0),
    lookAgainMs: launch.lookAgainMs,
  };
}

function deriveReason(
  { isSuspended }: DesiredDeployment,
  state: DeploymentObservedState,
  launch: Launch,
): string | null {
  if (state === 'asleep' && isSuspended === true) return 'the account is suspended';
  // A deployment that serves may still want for more replicas.
  return state === 'starting' || state === 'failed' || launch.isShort ? launch.reason : null;
}

interface Removals {
  readonly steps: DeploymentStep[];
  readonly details: string[];
  readonly drainedReady: number;
}

function planRemovals(
  { overHours = new Set() }: DeploymentObservation,
  wanted: number,
  current: readonly ObservedReplica[],
  outdated: readonly ObservedReplica[],
  blocked: boolean,
): Removals {
  // An outdated replica serves until the new ones do: one leaves for each that is ready.
  const readyCurrent = current.filter((replica) => replica.state === 'ready').length;
  // Where nothing new fits beside them, one of several leaves first; a single one never does.
  const yields = blocked && outdated.length > 1 ? 1 : 0;
  const keepOutdated = Math.max(Math.min(wanted - readyCurrent, outdated.length - yields), 0);
  const unpaid = current.filter(({ id }) => overHours.has(id));
  const kept = current.filter(({ id }) => !overHours.has(id));
  const surplus = Math.max(kept.length - wanted, 0);
  const leaving = [
    ...unpaid,
    // Those still starting have the least to lose; of the others the youngest has the coldest cache.
    ...kept.toSorted((left, right) => rankToLeave(left) - rankToLeave(right)).slice(0, surplus),
    ...outdated.filter((replica) => replica.state === 'starting'),
    ...outdated.filter((replica) => replica.state === 'ready').slice(keepOutdated),
  ];
  return {
    steps: leaving.map(({ id, state }) => ({ kind: state === 'ready' ? 'drain' : 'stop', replica: id })),
    details: leaving.map(({ id, state }) => `${state === 'ready' ? 'drain' : 'stop'} replica ${id}`),
    drainedReady: leaving.filter((replica) => replica.state === 'ready').length,
  };
}

function rankToLeave(replica: ObservedReplica): number {
  return replica.state === 'starting' ? Number.NEGATIVE_INFINITY : -replica.launchTimeMs;
}

interface Launch {
  readonly steps: DeploymentStep[];
  readonly details: string[];
  readonly reason: string | null;
  readonly failed: boolean;
  readonly lookAgainMs: number | null;
  /** There was no room for all that are missing, or for any. */
  readonly isShort: boolean;
  readonly blocked: boolean;
}

const nothing: Launch = {
  steps: [],
  details: [],
  reason: null,
  failed: false,
  lookAgainMs: null,
  isShort: false,
  blocked: false,
};

function planLaunch(observation: DeploymentObservation): Launch {
  const missing = countMissing(observation.deployment, observation.replicas, observation.revocable);
  const { weights, weightsOf, nowMs } = observation;
  const crash = deriveCrashLoop(observation.replicas, nowMs);
  const starting = { ...nothing, reason: crash.reason ?? 'a replica is starting', failed: crash.failed };
  if (missing.firm + missing.revocable === 0) return starting;
  switch (weights.state) {
    case 'absent':
      return {
        ...nothing,
        steps: [{ kind: 'fetch-weights', model: weightsOf }],
        details: [`fetch the files of ${weightsOf}`],
        reason: `the files of ${weightsOf} are being fetched`,
      };
    case 'fetching':
      return { ...nothing, reason: `the files of ${weightsOf} are being fetched` };
    case 'unservable':
      return { ...nothing, reason: weights.reason, failed: true };
    case 'failed':
      return planFetchAgain(weights, weightsOf, nowMs);
    default:
      if (crash.waitMs > 0) return { ...starting, lookAgainMs: crash.waitMs };
      return planWithRoom(observation, missing, starting);
  }
}

/** Launches what there is room for; the rest waits, and says what for. */
function planWithRoom(
  { room, weights, draftPath, memory = null }: DeploymentObservation,
  missing: { readonly firm: number; readonly revocable: number },
  starting: Launch,
): Launch {
  const firm = Math.min(missing.firm, room?.firm.fits ?? missing.firm);
  const revocable = Math.min(missing.revocable, room?.revocable.fits ?? missing.revocable);
  const count = firm + revocable;
  const isShort = count < missing.firm + missing.revocable;
  const modelPath = weights.state === 'ready' ? weights.path : null;
  const words = `${count} ${count === 1 ? 'replica' : 'replicas'}`;
  return {
    ...starting,
    ...(count === 0
      ? {}
      : {
          steps: [
            {
              kind: 'launch',
              count,
              modelPath,
              draftPath,
              revocable,
              ...(memory === null ? {} : { memory }),
            },
          ],
          details: [`launch ${words}`],
        }),
    ...(isShort
      ? {
          reason: `waiting for capacity: ${room?.firm.reason ?? room?.revocable.reason}`,
          lookAgainMs: capacityLookMs,
          isShort,
          blocked: count === 0,
          failed: starting.failed || room?.firm.canEverFit === false,
        }
      : {}),
  };
}

function planFetchAgain(
  weights: { reason: string; retryTimeMs: number },
  model: string,
  nowMs: number,
): Launch {
  const failed = { ...nothing, reason: weights.reason, failed: true };
  const waitMs = weights.retryTimeMs - nowMs;
  if (waitMs > 0) return { ...failed, lookAgainMs: Number.isFinite(waitMs) ? waitMs : null };
  return { ...failed, steps: [{ kind: 'fetch-weights', model }], details: ['fetch the files again'] };
}

interface CrashLoop {
  readonly waitMs: number;
  readonly reason: string | null;
  readonly failed: boolean;
}

/** The first crash is answered at once, the next ones with growing delays. */
function deriveCrashLoop(replicas: readonly ObservedReplica[], nowMs: number): CrashLoop {
  const crashes = replicas
    .filter((replica) => replica.exit !== null && !replica.exit.wanted)
    .toSorted((left, right) => right.exit!.timeMs - left.exit!.timeMs);
  const inARow = crashes.findIndex(servedWell);
  const count = inARow === -1 ? crashes.length : inARow;
  const last = crashes[0];
  if (!last?.exit || count === 0) return { waitMs: 0, reason: null, failed: false };
  const delayMs = count === 1 ? 0 : Math.min(crashBackOffMs.first * 2 ** (count - 2), crashBackOffMs.max);
  return {
    waitMs: Math.max(last.exit.timeMs + delayMs - nowMs, 0),
    reason: `a replica ended ${count} times in a row, the last time: ${last.exit.reason}`,
    failed: count >= crashesUntilFailed,
  };
}

function servedWell(replica: ObservedReplica): boolean {
  return replica.readyTimeMs !== null && replica.exit!.timeMs - replica.readyTimeMs >= stableMs;
}

/**
 * Wanted exits tell nothing; of the crashes the last few tell a loop, as long as there is something to run.
 */
function planForgetting(
  deployment: DesiredDeployment,
  replicas: readonly ObservedReplica[],
): DeploymentStep[] {
  const crashes = replicas
    .filter((replica) => replica.exit !== null && !replica.exit.wanted)
    .toSorted((left, right) => right.exit!.timeMs - left.exit!.timeMs);
  const kept = new Set(deployment.deleted ? [] : crashes.slice(0, exitsKeptMax));
  return replicas
    .filter((replica) => replica.exit !== null && !kept.has(replica))
    .map(({ id }) => ({ kind: 'forget', replica: id }));
}

function deriveState(facts: {
  deployment: DesiredDeployment;
  wanted: number;
  ready: number;
  gone: boolean;
  failed: boolean;
}): DeploymentObservedState {
  if (facts.deployment.deleted) return facts.gone ? 'deleted' : 'stopping';
  if (facts.ready > 0) return 'ready';
  if (facts.wanted === 0) return 'asleep';
  return facts.failed ? 'failed' : 'starting';
}
