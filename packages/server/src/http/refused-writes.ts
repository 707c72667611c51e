/** Refusals of one user that are recorded: enough to see what somebody tries, and never much of a disk. */
const perMinuteMax = 10;
const perDayMax = 200;
const minuteMs = 60_000;
const dayMs = 86_400_000;
/** Users remembered; beyond, those seen longest ago are forgotten. */
const usersMax = 10_000;

interface Counts {
  minute: number;
  minuteSinceMs: number;
  day: number;
  daySinceMs: number;
  left: number;
}

/** Which refused writes are recorded: a few of each user. The others are counted, and told with the next. */
export class RefusedWrites {
  readonly #now: () => number;
  readonly #users = new Map<string, Counts>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Null: it is not recorded. Else how many before it were not. */
  add(user: string): { readonly leftOut: number } | null {
    const nowMs = this.#now();
    const fresh = { minute: 0, minuteSinceMs: nowMs, day: 0, daySinceMs: nowMs, left: 0 };
    const counts = this.#users.get(user) ?? fresh;
    if (nowMs - counts.minuteSinceMs >= minuteMs) Object.assign(counts, { minute: 0, minuteSinceMs: nowMs });
    if (nowMs - counts.daySinceMs >= dayMs) Object.assign(counts, { day: 0, daySinceMs: nowMs });
    this.#users.delete(user);
    this.#users.set(user, counts);
    if (this.#users.size > usersMax) this.#users.delete(this.#users.keys().next().value!);
    if (counts.minute >= perMinuteMax || counts.day >= perDayMax) {
      counts.left += 1;
      return null;
    }
    const leftOut = counts.left;
    Object.assign(counts, { minute: counts.minute + 1, day: counts.day + 1, left: 0 });
    return { leftOut };
  }
}
