import type { Fleet } from './fleet.ts';
import {
  type ActiveReservation,
  type CapacityNow,
  type Claim,
  type Placement,
  planPlacement,
  type ReplicaNeed,
} from './plan-placement.ts';
import type { Room } from './room.ts';

export interface InventoryParts {
  readonly fleet: Fleet;
  readonly now: () => number;
  readReservations(): Promise<readonly ActiveReservation[]>;
  /** Quotas that differ from the fleet's, keyed as `quotaKey` does. */
  readQuotas(): Promise<ReadonlyMap<string, number>>;
  /** Accounts that used their accelerator hours of this month. */
  readHoursSpent(): Promise<ReadonlySet<string>>;
}

export const quotaKey = (account: string, region: string, type: string): string =>
  `${account} ${region} ${type}`;

/**
 * Who has which accelerators of a fleet. In memory, in the process that leads: replicas die with it, and with
 * them what they held.
 */
export class Inventory {
  readonly fleet: Fleet;
  readonly #parts: InventoryParts;
  readonly #claims = new Map<string, Claim>();
  readonly #startMs: number;
  #lossesDone = 0;

  constructor(parts: InventoryParts) {
    this.#parts = parts;
    this.fleet = parts.fleet;
    this.#startMs = parts.now();
  }

  /** How many of `count` more replicas would fit, taken one after the other. Takes nothing. */
  async preview(need: ReplicaNeed, count: number): Promise<Room> {
    const rules = await this.#readRules();
    let claims = [...this.#claims.values()];
    for (let fits = 0; fits < count; fits++) {
      const plan = planPlacement(need, { ...rules, claims });
      if (plan.placement === null) return { fits, reason: plan.reason };
      const gone = new Set(plan.revoked);
      claims = claims.filter((claim) => !gone.has(claim.replica));
      claims.push({ replica: `preview ${fits}`, account: need.account, ...plan.placement });
    }
    return { fits: count, reason: null };
  }

  /**
   * Takes the accelerators of one replica; null when they are gone meanwhile. `revoked`: replicas that have
   * to end for it; they hold nothing any more.
   */
  async take(
    replica: string,
    need: ReplicaNeed,
  ): Promise<{ readonly placement: Placement; readonly revoked: readonly string[] } | null> {
    const rules = await this.#readRules();
    // Nothing is awaited from here on: no two replicas take the same accelerator.
    const { placement, revoked } = planPlacement(need, { ...rules, claims: [...this.#claims.values()] });
    if (placement === null) return null;
    for (const id of revoked) this.#claims.delete(id);
    this.#claims.set(replica, { replica, account: need.account, ...placement });
    return { placement, revoked };
  }

  /** Gives back what a replica had; one that had nothing is fine. */
  release(replica: string): void {
    this.#claims.delete(replica);
  }

  placementOf(replica: string): Placement | null {
    return this.#claims.get(replica) ?? null;
  }

  /** Of these replicas, those that run on more than a reservation although no hours are left for that. */
  async findOverHours(account: string, replicas: readonly string[]): Promise<Set<string>> {
    if (!(await this.#parts.readHoursSpent()).has(account)) return new Set();
    const beyond = ({ onDemand, revocable }: Placement) => onDemand + revocable > 0;
    return new Set(replicas.filter((id) => this.#claims.has(id) && beyond(this.#claims.get(id)!)));
  }

  /** Replicas whose revocable accelerators the fleet has taken back since the last call. */
  takeLosses(): string[] {
    const elapsedMs = this.#parts.now() - this.#startMs;
    const due = (this.fleet.spotLosses ?? [])
      .filter(({ atMs }) => atMs <= elapsedMs)
      .toSorted((left, right) => left.atMs - right.atMs);
    const lost: string[] = [];
    for (const loss of due.slice(this.#lossesDone)) {
      let left = loss.count;
      for (const claim of [...this.#claims.values()].toReversed()) {
        const isHit = claim.region === loss.region && claim.acceleratorType === loss.type;
        if (left <= 0 || !isHit || claim.revocable === 0) continue;
        left -= claim.revocable;
        this.#claims.delete(claim.replica);
        lost.push(claim.replica);
      }
    }
    this.#lossesDone = due.length;
    return lost;
  }

  async #readRules(): Promise<Omit<CapacityNow, 'claims'>> {
    const { now, readHoursSpent, readQuotas, readReservations } = this.#parts;
    const [reservations, quotas, hoursSpent] = await Promise.all([
      readReservations(),
      readQuotas(),
      readHoursSpent(),
    ]);
    return {
      fleet: this.fleet,
      elapsedMs: now() - this.#startMs,
      reservations,
      hoursSpent,
      quotaOf: (account, region, type) => quotas.get(quotaKey(account, region, type)) ?? null,
    };
  }
}
