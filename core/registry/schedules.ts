import type { RegistryDatabase } from "./database.ts";
import { statement } from "./statement.ts";

const byName = statement((tables, name: string) =>
  tables.selectFrom("schedules").selectAll().where("name", "=", name),
);
const put = statement(
  (tables, name: string, spec: string, through: string, missed: string | null) =>
    tables.replaceInto("schedules").values({ name, spec, through, missed }),
);

/** Slots of a schedule that had no run. */
export interface MissedSlots {
  /** As far as they were counted. */
  readonly count: number;
  /** True when there were more than were counted. */
  readonly more: boolean;
  /** The first and the last of them. ISO 8601. */
  readonly from: string;
  readonly until: string;
  /** In one line. */
  readonly why: string;
}

/** How far a schedule has come. */
export interface ScheduleProgress {
  readonly name: string;
  /** What the schedule said then: another one begins anew. */
  readonly spec: string;
  /** Every slot up to here has had its request, or was missed. ISO 8601. */
  readonly through: string;
  /** The newest slots that were missed; null: none ever. */
  readonly missed: MissedSlots | null;
}

/** Null for a schedule that is new here. */
export function progressOf(database: RegistryDatabase, name: string): ScheduleProgress | null {
  const [row] = database.all(byName, name);
  if (row === undefined) return null;
  return { ...row, missed: row.missed === null ? null : JSON.parse(row.missed) };
}

/** Notes how far a schedule has come. Throws `RaError` (exit 6). */
export function noteProgress(
  database: RegistryDatabase,
  { name, spec, through, missed }: ScheduleProgress,
): void {
  const text = missed === null ? null : JSON.stringify(missed);
  database.immediate(() => database.run(put, name, spec, through, text));
}
