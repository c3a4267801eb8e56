import type { Kysely } from "kysely";
import type { ForeignClaim } from "../run/log.ts";
import { atWorkStatuses } from "../run/model.ts";
import type { RegistryDatabase, Statement } from "./database.ts";
import { ownerColumns, ownerOf } from "./rows.ts";
import type { Tables } from "./schema.ts";

interface HeldClaim {
  readonly run: string;
  readonly task: string;
  readonly glob: string;
  readonly live: number;
  readonly owner_pid: number;
  readonly owner_ticks: number | null;
  readonly owner_host: string | null;
  readonly owner_boot: string | null;
}

/** Claims of runs whose owner is alive; the claims of a dead owner count for nothing. */
export class HeldClaims {
  readonly #database: RegistryDatabase;
  readonly #alive = new Map<string, boolean>();
  readonly #beside: Statement<HeldClaim>;
  readonly #own: Statement<HeldClaim>;

  constructor(database: RegistryDatabase) {
    this.#database = database;
    this.#beside = database.prepare((kysely) => held(kysely).where("claims.run", "!=", ""));
    this.#own = database.prepare((kysely) =>
      held(kysely)
        .innerJoin("tasks", (join) =>
          join.onRef("tasks.run", "=", "claims.run").onRef("tasks.id", "=", "claims.task"),
        )
        .where("claims.run", "=", "")
        .where("tasks.status", "in", atWorkStatuses),
    );
  }

  /** Forgets which owners were alive: that holds for one transaction. */
  refresh(): void {
    this.#alive.clear();
  }

  /** Claims of all runs but this one, those of a run and task together. */
  beside(run: string): ForeignClaim[] {
    return this.#held(this.#beside.all(run));
  }

  /** Claims of the tasks of this run that are at work: their attempt runs, or its result is being landed. */
  atWork(run: string): ForeignClaim[] {
    return this.#held(this.#own.all(run, ...atWorkStatuses));
  }

  /** True when the run goes on, but every task of it that is neither at its end nor at its beginning waits. */
  waits(run: string): boolean {
    const found = this.#database.all(
      this.#database.kysely
        .selectFrom("tasks")
        .innerJoin("runs", "runs.id", "tasks.run")
        .where("tasks.run", "=", run)
        .where("runs.status", "=", "running")
        .where("tasks.status", "in", ["waiting", "parked", ...atWorkStatuses])
        .select("tasks.status")
        .distinct(),
    );
    return found.length === 1 && found[0]?.status === "waiting";
  }

  #held(claims: readonly HeldClaim[]): ForeignClaim[] {
    return claims
      .filter((claim) => this.#isHeld(claim))
      .map(({ run, task, glob, live }) => ({ run, task, glob, live: live === 1 }));
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

function held(kysely: Kysely<Tables>) {
  return kysely
    .selectFrom("claims")
    .innerJoin("runs", "runs.id", "claims.run")
    .select(["claims.run", "task", "glob", "live", ...ownerColumns])
    .orderBy("claims.run")
    .orderBy("task")
    .orderBy("glob");
}
