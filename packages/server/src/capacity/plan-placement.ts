import { type AcceleratorPool, defaultQuota, type Fleet, findPool } from './fleet.ts';

/** What one replica needs. */
export interface ReplicaNeed {
  readonly account: string;
  /** Where it may run, best first; empty: anywhere. */
  readonly regions: readonly string[];
  readonly acceleratorType: string;
  readonly acceleratorCount: number;
  /** Runs on capacity that can be taken back at any moment. */
  readonly isRevocable: boolean;
}

/** Where a replica runs, and on whose account: the three add up to what it needs. */
export interface Placement {
  readonly region: string;
  readonly acceleratorType: string;
  readonly reserved: number;
  readonly onDemand: number;
  readonly revocable: number;
  readonly coldStartMs: number;
}

/** A replica that has its accelerators. */
export interface Claim extends Placement {
  readonly replica: string;
  readonly account: string;
}

/** A reservation that counts now. */
export interface ActiveReservation {
  readonly account: string;
  readonly region: string;
  readonly acceleratorType: string;
  readonly count: number;
}

export interface CapacityNow {
  readonly fleet: Fleet;
  /** Since the fleet's start: decides which stock-outs are on. */
  readonly elapsedMs: number;
  readonly claims: readonly Claim[];
  readonly reservations: readonly ActiveReservation[];
  /** Quotas that differ from the fleet's, by account, region and type. */
  quotaOf(account: string, region: string, type: string): number | null;
  /** Accounts that used their accelerator hours of this month: only what they reserved is left to them. */
  readonly hoursSpent: ReadonlySet<string>;
}

export interface PlacementPlan {
  readonly placement: Placement | null;
  /** Replicas whose revocable accelerators are taken back for it. */
  readonly revoked: readonly string[];
  /** Why there is no place, with the arithmetic; null when there is. */
  readonly reason: string | null;
}

/**
 * Finds a replica's accelerators: the account's reservation first, the rest on demand within its quota (spec,
 * "Reserved capacity"). What others reserved and do not use is kept for them, except for revocable replicas,
 * which yield. Pure.
 */
export function planPlacement(need: ReplicaNeed, now: CapacityNow): PlacementPlan {
  const regions = need.regions.length > 0 ? need.regions : now.fleet.regions.map(({ region }) => region);
  const tries = regions.flatMap((region) => {
    const pool = findPool(now.fleet, region, need.acceleratorType);
    return pool === null ? [] : [planIn(region, pool, need, now)];
  });
  // A region where the account's reservation has room comes first; among equals the order given.
  const fitting = tries
    .filter(({ placement }) => placement !== null)
    .toSorted((left, right) => right.placement!.reserved - left.placement!.reserved);
  if (fitting[0] !== undefined) return fitting[0];
  const reasons = tries.map(({ reason }) => reason);
  const reason = reasons.join('; ') || `no region of ${regions.join(', ')} has ${need.acceleratorType}`;
  return { placement: null, revoked: [], reason };
}

function planIn(region: string, pool: AcceleratorPool, need: ReplicaNeed, now: CapacityNow): PlacementPlan {
  const { acceleratorCount: wanted, account } = need;
  const facts = countCapacity(region, pool, account, now);
  const refuse = (why: string): PlacementPlan => ({
    placement: null,
    revoked: [],
    reason: `${region}: ${why}`,
  });
  const place = (reserved: number, onDemand: number, revocable: number): PlacementPlan => {
    const { coldStartMs, type } = pool;
    const counts = { reserved, onDemand, revocable };
    const placement = { region, acceleratorType: type, ...counts, coldStartMs };
    return { placement, revoked: chooseRevoked(region, pool, wanted - facts.free, now), reason: null };
  };
  const isSpent = now.hoursSpent.has(account);
  if (isSpent && (need.isRevocable || wanted > facts.ownReservationFree)) {
    return refuse(
      `the accelerator hours of this month are used up (quota gpu-hours-per-month), and ` +
        `${facts.ownReservationFree} of ${wanted} are covered by a reservation`,
    );
  }
  if (need.isRevocable) {
    if (facts.free < wanted) return refuse(`${wanted} revocable wanted, ${describePool(facts, pool)}`);
    return place(0, 0, wanted);
  }
  const reserved = Math.min(wanted, facts.ownReservationFree);
  const onDemand = wanted - reserved;
  if (onDemand > 0 && facts.isEnterpriseOnly) {
    return refuse(
      `it is for enterprises: ${reserved} of ${wanted} accelerators are covered by a reservation there`,
    );
  }
  if (facts.ownOnDemand + onDemand > facts.quota) {
    const sum = `${facts.ownOnDemand} in use + ${onDemand} wanted on demand > quota ${facts.quota}`;
    return refuse(`${sum} (${reserved} more come from a reservation)`);
  }
  // Revocable replicas make room; what others reserved does not.
  const available = facts.free + facts.revocable - (onDemand > 0 ? facts.othersReserved : 0);
  if (available < wanted) return refuse(`${wanted} wanted, ${describePool(facts, pool)}`);
  return place(reserved, onDemand, 0);
}

interface PoolFacts {
  /** Accelerators nobody uses now, stock-outs taken off; below 0 while more are in use than there are. */
  readonly free: number;
  readonly away: number;
  readonly inUse: number;
  readonly revocable: number;
  /** Reserved by others and not used by them now. */
  readonly othersReserved: number;
  readonly ownReservationFree: number;
  readonly ownOnDemand: number;
  readonly quota: number;
  readonly isEnterpriseOnly: boolean;
}

function countCapacity(region: string, pool: AcceleratorPool, account: string, now: CapacityNow): PoolFacts {
  const here = now.claims.filter((claim) => claim.region === region && claim.acceleratorType === pool.type);
  const total = (claims: readonly Claim[], key: 'reserved' | 'onDemand' | 'revocable') =>
    claims.reduce((sum, claim) => sum + claim[key], 0);
  const away = (now.fleet.stockOuts ?? [])
    .filter((out) => out.region === region && out.type === pool.type)
    .filter((out) => out.fromMs <= now.elapsedMs && now.elapsedMs < out.untilMs)
    .reduce((sum, out) => sum + out.count, 0);
  const inUse = total(here, 'reserved') + total(here, 'onDemand') + total(here, 'revocable');
  const unusedOf = (owner: string): number => {
    const reserved = now.reservations
      .filter((entry) => entry.account === owner && entry.region === region)
      .filter((entry) => entry.acceleratorType === pool.type)
      .reduce((sum, entry) => sum + entry.count, 0);
    const used = total(
      here.filter((claim) => claim.account === owner),
      'reserved',
    );
    return Math.max(reserved - used, 0);
  };
  const others = new Set(now.reservations.map((entry) => entry.account).filter((owner) => owner !== account));
  const own = here.filter((claim) => claim.account === account);
  const status = now.fleet.regions.find((entry) => entry.region === region)?.launchStatus;
  return {
    free: pool.count - away - inUse,
    away,
    inUse,
    revocable: total(here, 'revocable'),
    othersReserved: [...others].reduce((sum, owner) => sum + unusedOf(owner), 0),
    ownReservationFree: unusedOf(account),
    ownOnDemand: total(own, 'onDemand'),
    quota: now.quotaOf(account, region, pool.type) ?? pool.quota ?? defaultQuota,
    isEnterpriseOnly: status === 'ENTERPRISE_ONLY',
  };
}

function describePool(facts: PoolFacts, pool: AcceleratorPool): string {
  const kept = facts.othersReserved === 0 ? '' : `, ${facts.othersReserved} kept for reservations`;
  return `${pool.count} ${pool.type} - ${facts.inUse} in use - ${facts.away} out of stock = ${facts.free} free${kept}`;
}

/** The youngest revocable replicas that together give back what is missing. */
function chooseRevoked(
  region: string,
  pool: AcceleratorPool,
  missing: number,
  { claims }: CapacityNow,
): string[] {
  const revoked: string[] = [];
  let left = missing;
  const candidates = claims.filter((claim) => claim.region === region && claim.acceleratorType === pool.type);
  for (const claim of candidates.toReversed()) {
    if (left <= 0) break;
    if (claim.revocable === 0) continue;
    revoked.push(claim.replica);
    left -= claim.revocable;
  }
  return revoked;
}
