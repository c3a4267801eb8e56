import { isAttended } from "../process/living.ts";
import { type Cooldown, type KnownRecord, standingCooldowns } from "../run/cooldown.ts";
import type { RunState } from "../run/state.ts";
import type { RegistryDatabase, Statement } from "./database.ts";
import { ownerColumns, ownerOf } from "./rows.ts";
import type { CooldownsTable } from "./schema.ts";

type Row = CooldownsTable & {
  readonly owner_pid: number;
  readonly owner_ticks: number | null;
  readonly owner_host: string | null;
  readonly owner_boot: string | null;
};

/** What all runs know of providers that refused. */
export class KnownCooldowns {
  readonly #beside: Statement<Row>;

  constructor(database: RegistryDatabase) {
    this.#beside = database.prepare((kysely) =>
      kysely
        .selectFrom("cooldowns")
        .innerJoin("runs", "runs.id", "cooldowns.run")
        .selectAll("cooldowns")
        .select(ownerColumns)
        .where("cooldowns.run", "!=", ""),
    );
  }

  /** The providers that rest now; of one run its fold counts instead of the table, which may lag behind it. */
  standing(state: RunState | undefined, nowMs: number): Cooldown[] {
    const run = state?.id ?? "";
    const others = this.#beside.all(run).map(recordOf);
    const own = [...(state?.providers ?? [])].map(([provider, record]) => {
      return { run, provider, live: true, ...record };
    });
    return standingCooldowns([...own, ...others], nowMs);
  }
}

function recordOf(row: Row): KnownRecord {
  const { run, provider, until, seq, at, times, task, attempt, message } = row;
  const probes = row.probe_task !== null && row.probe_attempt !== null;
  return {
    run,
    provider,
    live: probes && isAttended(ownerOf(row)),
    answeredSeq: row.answered_seq,
    refused: until === null ? null : { seq, at, until, times, task, attempt, message },
    probe: probes ? { task: row.probe_task, attempt: row.probe_attempt } : null,
  };
}
