import type { Cooldown } from "../core/run/cooldown.ts";

/** A runner as `ra agents` tells of it. What does not apply is null. */
export interface AgentState {
  readonly name: string;
  /** Whether it can be used, as its probe says; a login that has run out may show at its first task only. */
  readonly usable: boolean;
  readonly version: string | null;
  /** Why it cannot be used, and what mends that. */
  readonly message: string | null;
  readonly fix: string | null;
  /** Safe beside others; null: unknown, as this version of `ra` cannot drive it. */
  readonly parallel: boolean | null;
  readonly isolation: string | null;
  /** Attempts at once that the config allows; null: no limit of its own. */
  readonly concurrency: number | null;
  /** The account it is answered by; with a model in its name, the part in front of its first slash is added. */
  readonly provider: string;
  /** Its attempts under way on this repository. */
  readonly running: number;
  /** Its providers that refuse. */
  readonly cooldowns: readonly Cooldown[];
}
