/** What one gateway says of one deployment; counts since it started. */
export interface ToldLoad {
  readonly gateway: string;
  readonly deployment: string;
  readonly concurrent: number;
  readonly requests: number;
  readonly tokens: number;
}

export interface IntervalLoad {
  readonly concurrent: number;
  /** Since the last call. */
  readonly requests: number;
  readonly tokens: number;
}

/** Adds up what gateways tell, and keeps what they told last: their counts only grow. */
export class LoadTotals {
  #last: ReadonlyMap<string, ToldLoad> | null = null;

  /** Load by deployment since the last call. The first one only learns what was counted before. */
  take(told: readonly ToldLoad[]): ReadonlyMap<string, IntervalLoad> {
    const last = this.#last;
    this.#last = new Map(told.map((load) => [`${load.gateway} ${load.deployment}`, load]));
    const totals = new Map<string, { concurrent: number; requests: number; tokens: number }>();
    for (const load of told) {
      const before = last === null ? load : last.get(`${load.gateway} ${load.deployment}`);
      const total = totals.get(load.deployment) ?? { concurrent: 0, requests: 0, tokens: 0 };
      total.concurrent += load.concurrent;
      total.requests += load.requests - (before?.requests ?? 0);
      total.tokens += load.tokens - (before?.tokens ?? 0);
      totals.set(load.deployment, total);
    }
    return totals;
  }
}
