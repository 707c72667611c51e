/** Load of a deployment over one interval. */
export interface LoadSample {
  readonly timeMs: number;
  /** Requests running and waiting at its end. */
  readonly concurrent: number;
  readonly requestsPerSecond: number;
  readonly tokensGeneratedPerSecond: number;
}

export interface AutoscalePolicy {
  readonly scaleUpMs: number;
  readonly scaleDownMs: number;
  readonly scaleToZeroMs: number;
  /** By metric: default (share of a replica's slots, 0 to 1), tokens_generated_per_second, … */
  readonly loadTargets: Readonly<Record<string, number>>;
}

export const autoscaleDefaults: AutoscalePolicy = {
  scaleUpMs: 30_000,
  scaleDownMs: 600_000,
  scaleToZeroMs: 3_600_000,
  loadTargets: { default: 0.8 },
};

export interface AutoscaleInput {
  readonly nowMs: number;
  /** Replicas wanted now. */
  readonly current: number;
  readonly min: number;
  readonly max: number;
  /** Requests that one replica runs at once. */
  readonly slotsPerReplica: number;
  readonly policy: AutoscalePolicy;
  /** Oldest first; as far back as the longest window, or as the deployment is known. */
  readonly samples: readonly LoadSample[];
}

export interface AutoscalePlan {
  readonly replicas: number;
  /** Why, for people; null when nothing changes. */
  readonly reason: string | null;
}

/**
 * How many replicas a deployment should have. Up when load was above the targets for a whole window, to what
 * the window needed throughout; down when it was below for a whole window, to the most that it needed in it;
 * to zero when nothing came for a whole window. From zero only a request wakes it. Several targets: the
 * largest count wins. Pure.
 */
export function planAutoscale(input: AutoscaleInput): AutoscalePlan {
  const { current, min, max, policy, samples, nowMs } = input;
  const clamp = (count: number): number => Math.min(Math.max(count, min), max);
  if (current === 0) return { replicas: clamp(0), reason: null };
  if (min === 0 && isIdle(samples, nowMs, policy.scaleToZeroMs)) {
    return { replicas: 0, reason: `no request for ${policy.scaleToZeroMs / 60_000} minutes` };
  }
  const wanted = (sample: LoadSample): number => Math.max(1, countReplicas(sample, input));
  const up = takeWindow(samples, nowMs, policy.scaleUpMs)?.map(wanted);
  const least = up === undefined ? current : clamp(Math.min(...up));
  if (least > current) {
    return { replicas: least, reason: `load was above its target for ${policy.scaleUpMs / 1000} s` };
  }
  const down = takeWindow(samples, nowMs, policy.scaleDownMs)?.map(wanted);
  const most = down === undefined ? current : clamp(Math.max(...down));
  if (most < current) {
    return { replicas: most, reason: `load was below its target for ${policy.scaleDownMs / 1000} s` };
  }
  return { replicas: clamp(current), reason: null };
}

/** Samples of a whole window; undefined while it has not been watched for that long. */
function takeWindow(
  samples: readonly LoadSample[],
  nowMs: number,
  windowMs: number,
): LoadSample[] | undefined {
  const since = nowMs - windowMs;
  if (samples.length === 0 || samples[0]!.timeMs > since) return undefined;
  const inside = samples.filter((sample) => sample.timeMs >= since);
  return inside.length === 0 ? undefined : inside;
}

function isIdle(samples: readonly LoadSample[], nowMs: number, windowMs: number): boolean {
  const window = takeWindow(samples, nowMs, windowMs);
  return window?.every((sample) => sample.concurrent === 0 && sample.requestsPerSecond === 0) ?? false;
}

/** Replicas that a sample's load needs at the targets. */
function countReplicas(sample: LoadSample, { policy, slotsPerReplica }: AutoscaleInput): number {
  const loads: Readonly<Record<string, number>> = {
    default: sample.concurrent / slotsPerReplica,
    concurrent_requests: sample.concurrent,
    requests_per_second: sample.requestsPerSecond,
    tokens_generated_per_second: sample.tokensGeneratedPerSecond,
  };
  const counts = Object.entries(policy.loadTargets).map(([metric, target]) =>
    // Rounded before: 1.6 / 0.8 must be 2 replicas, not 3.
    Math.ceil(Number(((loads[metric] ?? 0) / target).toFixed(9))),
  );
  return Math.max(0, ...counts);
}

/** The policy of a deployment from its API form: durations such as `600s`, defaults for what is unset. */
export function readPolicy(
  policy: {
    readonly scaleUpWindow?: string;
    readonly scaleDownWindow?: string;
    readonly scaleToZeroWindow?: string;
    readonly loadTargets?: Readonly<Record<string, number>>;
  } | null,
): AutoscalePolicy {
  const ms = (duration: string | undefined, fallback: number): number =>
    duration ? Number.parseFloat(duration) * 1000 : fallback;
  const targets = policy?.loadTargets ?? {};
  return {
    scaleUpMs: ms(policy?.scaleUpWindow, autoscaleDefaults.scaleUpMs),
    scaleDownMs: ms(policy?.scaleDownWindow, autoscaleDefaults.scaleDownMs),
    scaleToZeroMs: ms(policy?.scaleToZeroWindow, autoscaleDefaults.scaleToZeroMs),
    loadTargets: Object.keys(targets).length === 0 ? autoscaleDefaults.loadTargets : targets,
  };
}
