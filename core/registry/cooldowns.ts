import type { Living } from "../process/living.ts";
import { type Cooldown, type KnownRecord, standingCooldowns } from "../run/cooldown.ts";
import type { RunState } from "../run/state.ts";
import type { RegistryDatabase } from "./database.ts";
import { ownerColumns, ownerOf } from "./rows.ts";
import type { CooldownsTable, RunsTable } from "./schema.ts";
import { statement } from "./statement.ts";

type Row = CooldownsTable & Pick<RunsTable, (typeof ownerColumns)[number]>;

const cooldownsOfOthers = statement((tables, run: string) =>
  tables
    .selectFrom("cooldowns")
    .innerJoin("runs", "runs.id", "cooldowns.run")
    .selectAll("cooldowns")
    .select(ownerColumns)
    .where("cooldowns.run", "!=", run),
);

/** What all runs know of providers that refused. */
export class KnownCooldowns {
  readonly #database: RegistryDatabase;

  constructor(database: RegistryDatabase) {
    this.#database = database;
  }

  /** The providers that rest now; of one run its fold counts instead of the table, which may lag behind it. */
  standing(state: RunState | undefined, nowMs: number): Cooldown[] {
    const run = state?.id ?? "";
    const { living } = this.#database;
    const others = this.#database.all(cooldownsOfOthers, run).map((row) => recordOf(row, living));
    const own = [...(state?.providers ?? [])].map(([provider, record]) => {
      return { run, provider, live: true, ...record };
    });
    if (own.length + others.length === 0) return [];
    return standingCooldowns([...own, ...others], nowMs);
  }
}

function recordOf(row: Row, living: Living): KnownRecord {
  const { run, provider, until, seq, at, times, task, attempt, message } = row;
  const probes = row.probe_task !== null && row.probe_attempt !== null;
  return {
    run,
    provider,
    live: probes && living.isAttended(ownerOf(row)),
    answeredSeq: row.answered_seq,
    refused: until === null ? null : { seq, at, until, times, task, attempt, message },
    probe: probes ? { task: row.probe_task, attempt: row.probe_attempt } : null,
  };
}
