import type { ForeignClaim } from "../run/log.ts";
import { atWorkStatuses } from "../run/model.ts";
import type { RunState } from "../run/state.ts";
import type { RegistryDatabase } from "./database.ts";
import { claimRows, ownerColumns, ownerOf } from "./rows.ts";
import type { ClaimsTable, RunsTable } from "./schema.ts";
import { statement } from "./statement.ts";

type HeldClaim = ClaimsTable & Pick<RunsTable, (typeof ownerColumns)[number]>;

const claimsOfOthers = statement((tables, run: string) =>
  tables
    .selectFrom("claims")
    .innerJoin("runs", "runs.id", "claims.run")
    .select(["claims.run", "task", "glob", "live", ...ownerColumns])
    .where("claims.run", "!=", run)
    .orderBy("claims.run")
    .orderBy("task")
    .orderBy("glob"),
);
const openStatuses = statement((tables, run: string) =>
  tables
    .selectFrom("tasks")
    .innerJoin("runs", "runs.id", "tasks.run")
    .where("tasks.run", "=", run)
    .where("runs.status", "=", "running")
    .where("tasks.status", "in", ["waiting", "parked", ...atWorkStatuses])
    .select("tasks.status"),
);

/** Claims of runs whose owner is alive; the claims of a dead owner count for nothing. */
export class HeldClaims {
  readonly #database: RegistryDatabase;
  readonly #alive = new Map<string, boolean>();

  constructor(database: RegistryDatabase) {
    this.#database = database;
  }

  /** Forgets which owners were alive: that holds for one transaction. */
  refresh(): void {
    this.#alive.clear();
  }

  /** Claims of all runs but this one, those of a run and task together. */
  beside(run: string): ForeignClaim[] {
    return this.#held(this.#database.all(claimsOfOthers, run));
  }

  /** True when the run goes on, but every task of it that is neither at its end nor at its beginning waits. */
  waits(run: string): boolean {
    const found = this.#database.all(openStatuses, run);
    return found.length > 0 && found.every(({ status }) => status === "waiting");
  }

  #held(claims: readonly HeldClaim[]): ForeignClaim[] {
    return claims.filter((claim) => this.#isHeld(claim)).map(claimOf);
  }

  #isHeld({ run, ...row }: HeldClaim): boolean {
    const key = run;
    const known = this.#alive.get(key);
    if (known !== undefined) return known;
    const found = this.#database.living.isAttended(ownerOf(row));
    this.#alive.set(key, found);
    return found;
  }
}

/** Claims of the tasks of a run that are at work, in their order: their attempt runs, or its result is being landed. */
export function claimsAtWork(state: RunState): ForeignClaim[] {
  return [...state.tasks.values()]
    .filter(({ status }) => atWorkStatuses.includes(status))
    .flatMap((task) => claimRows(state, task).map(claimOf));
}

function claimOf({ run, task, glob, live }: ClaimsTable): ForeignClaim {
  return { run, task, glob, live: live === 1 };
}
