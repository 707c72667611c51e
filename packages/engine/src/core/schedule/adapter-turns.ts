/**
 * Which adapter's sequences run next. One forward call has one adapter, and switching makes the runner
 * rebuild its graph, so a group keeps the turn for several steps; then the group that waited longest gets it.
 * Long steps (prompt chunks) end a turn sooner, so that the others' tokens keep flowing.
 */
export class AdapterTurns {
  readonly #turnSteps: number;
  readonly #turnMs: number;
  /** Step at which each group last had the turn. */
  readonly #lastTurn = new Map<string | null, number>();
  #current: string | null | undefined = undefined;
  #stepsTaken = 0;
  #msTaken = 0;
  #clock = 0;

  /** A turn ends after `turnSteps` steps or once they took `turnMs`. */
  constructor(turnSteps: number, turnMs: number) {
    this.#turnSteps = turnSteps;
    this.#turnMs = turnMs;
  }

  /** What the step of the current group took. */
  spend(stepMs: number): void {
    this.#msTaken += stepMs;
  }

  /** The group to run in this step, out of those with work (at least one). */
  next(groups: ReadonlySet<string | null>): string | null {
    this.#clock++;
    const keeps = this.#current !== undefined && groups.has(this.#current);
    const isOver =
      this.#stepsTaken >= this.#turnSteps || (this.#stepsTaken > 0 && this.#msTaken >= this.#turnMs);
    if (!keeps || (isOver && groups.size > 1)) {
      this.#current = this.#longestWaiting(groups);
      this.#stepsTaken = 0;
      this.#msTaken = 0;
    }
    const current = this.#current as string | null;
    this.#stepsTaken++;
    this.#lastTurn.set(current, this.#clock);
    for (const group of this.#lastTurn.keys()) if (!groups.has(group)) this.#lastTurn.delete(group);
    return current;
  }

  #longestWaiting(groups: ReadonlySet<string | null>): string | null {
    let chosen: string | null = null;
    let earliest = Number.POSITIVE_INFINITY;
    for (const group of groups) {
      const last = this.#lastTurn.get(group) ?? 0;
      if (last >= earliest || (group === this.#current && groups.size > 1)) continue;
      earliest = last;
      chosen = group;
    }
    return chosen;
  }
}
