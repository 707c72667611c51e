/** How many of the replicas that a deployment wants could run now. */
export interface Room {
  readonly fits: number;
  /** Why not more, with the arithmetic; null when all fit. */
  readonly reason: string | null;
  /** False: not even one would if nothing else ran here. Left out: that is not known. */
  readonly canEverFit?: boolean;
}
