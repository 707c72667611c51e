/** A replica that held accelerators. Times are whole seconds since 1970; `to` is exclusive. */
export interface ServingInterval {
  readonly replica: string;
  readonly deployment: string;
  readonly model: string;
  readonly region: string;
  readonly acceleratorType: string;
  readonly acceleratorCount: number;
  readonly from: number;
  readonly to: number;
}

/** Accelerators that were bought ahead. Times as above. */
export interface ReservedCapacity {
  readonly region: string;
  readonly acceleratorType: string;
  readonly count: number;
  readonly from: number;
  readonly to: number;
}

/** Accelerator seconds of one deployment on one day. */
export interface GpuUse {
  /** 2026-11-22, UTC. */
  readonly day: string;
  readonly deployment: string;
  readonly model: string;
  readonly acceleratorType: string;
  /** Covered by a reservation: paid by its contract. */
  readonly reservedSeconds: number;
  /** Paid by the second. */
  readonly meteredSeconds: number;
}

const daySeconds = 86_400;

/**
 * Splits the accelerator seconds of one account between its reservations and what is metered. Reservations of
 * the same type and region are used first, by the replicas that served first; what goes beyond them is
 * metered (spec, "Reserved capacity"). A reservation without a region covers every region. Pure.
 */
export function planGpuCharges(
  intervals: readonly ServingInterval[],
  reservations: readonly ReservedCapacity[],
  from: number,
  to: number,
): GpuUse[] {
  const uses = new Map<string, GpuUse>();
  const cuts = findCuts(intervals, reservations, from, to);
  for (let index = 0; index + 1 < cuts.length; index += 1) {
    addSlice(uses, intervals, reservations, cuts[index]!, cuts[index + 1]!);
  }
  return [...uses.values()].sort((left, right) => (keyOf(left) < keyOf(right) ? -1 : 1));
}

/** Moments between which nothing changes: starts and ends, and every midnight. */
function findCuts(
  intervals: readonly ServingInterval[],
  reservations: readonly ReservedCapacity[],
  from: number,
  to: number,
): number[] {
  const cuts = new Set([from, to]);
  for (const span of [...intervals, ...reservations]) {
    for (const moment of [span.from, span.to]) if (moment > from && moment < to) cuts.add(moment);
  }
  const firstMidnight = (Math.floor(from / daySeconds) + 1) * daySeconds;
  for (let midnight = firstMidnight; midnight < to; midnight += daySeconds) cuts.add(midnight);
  return [...cuts].sort((left, right) => left - right);
}

function addSlice(
  uses: Map<string, GpuUse>,
  intervals: readonly ServingInterval[],
  reservations: readonly ReservedCapacity[],
  from: number,
  to: number,
): void {
  const covers = (span: { from: number; to: number }) => span.from <= from && to <= span.to;
  const free = reservations.filter(covers).map((reservation) => ({ ...reservation }));
  const serving = intervals
    .filter(covers)
    .sort((left, right) => left.from - right.from || (left.replica < right.replica ? -1 : 1));
  for (const interval of serving) {
    const reserved = takeReserved(free, interval);
    const seconds = to - from;
    add(uses, {
      day: new Date(from * 1000).toISOString().slice(0, 10),
      deployment: interval.deployment,
      model: interval.model,
      acceleratorType: interval.acceleratorType,
      reservedSeconds: reserved * seconds,
      meteredSeconds: (interval.acceleratorCount - reserved) * seconds,
    });
  }
}

/** How many accelerators of a replica are covered now; reservations of its own region are used first. */
function takeReserved(
  free: { -readonly [K in keyof ReservedCapacity]: ReservedCapacity[K] }[],
  interval: ServingInterval,
): number {
  const fits = free
    .filter(({ acceleratorType }) => acceleratorType === interval.acceleratorType)
    .filter(({ region }) => region === '' || region === interval.region)
    .sort((left, right) => (left.region === '' ? 1 : 0) - (right.region === '' ? 1 : 0));
  let taken = 0;
  for (const reservation of fits) {
    const count = Math.min(reservation.count, interval.acceleratorCount - taken);
    reservation.count -= count;
    taken += count;
  }
  return taken;
}

function add(uses: Map<string, GpuUse>, use: GpuUse): void {
  const key = keyOf(use);
  const known = uses.get(key);
  uses.set(key, {
    ...use,
    reservedSeconds: use.reservedSeconds + (known?.reservedSeconds ?? 0),
    meteredSeconds: use.meteredSeconds + (known?.meteredSeconds ?? 0),
  });
}

function keyOf({ day, deployment, model, acceleratorType }: GpuUse): string {
  return `${day} ${deployment} ${model} ${acceleratorType}`;
}
