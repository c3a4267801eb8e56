/** How often what happened, so that a campaign in which nothing happens is seen. */
export interface Tally {
  landed: number;
  conflicts: number;
  unverified: number;
  nothing: number;
  kept: number;
  followedRenames: number;
  /** Merges that git could not finish. */
  gitDied: number;
  /** Tasks whose change was all there once the others were put before it. */
  absorbed: number;
}

/** A tally of nothing. */
export function emptyTally(): Tally {
  return {
    ...{ landed: 0, conflicts: 0, unverified: 0, nothing: 0, kept: 0, followedRenames: 0 },
    ...{ gitDied: 0, absorbed: 0 },
  };
}
