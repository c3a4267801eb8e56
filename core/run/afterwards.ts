/* What people do with a run that has ended. */

/** A task whose kept work a person brought onto the target after its run. */
export interface LandedTask {
  readonly id: string;
  /** The attempt whose work it is. */
  readonly attempt: number;
  /** Null when the target had all of it already. */
  readonly commit: string | null;
}

/** A task whose commit a person took back. */
export interface RevertedTask {
  readonly id: string;
  /** The commit that brought its work, and the one that takes it back. */
  readonly commit: string;
  readonly revert: string;
}

/** A task whose results and logs a person discarded. */
export interface DiscardedTask {
  readonly id: string;
  /** True: work of it went that was not on the target. */
  readonly unlanded: boolean;
}
