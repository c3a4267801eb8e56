/** One thing that `ra doctor` looked at. `note`: something to know; `problem`: something that keeps `ra` from working. */
export interface Diagnosis {
  /** What was looked at, in one or two words. */
  readonly check: string;
  readonly severity: "ok" | "note" | "problem";
  /** What was found, in one line: lower case, no full stop. */
  readonly found: string;
  /** The command, or what else, that mends it; null where there is nothing to mend. */
  readonly fix: string | null;
}

/** All is well there. */
export function well(check: string, found: string): Diagnosis {
  return { check, severity: "ok", found, fix: null };
}

/** Something a person should know. `fix` null: nothing has to be done. */
export function note(check: string, found: string, fix: string | null): Diagnosis {
  return { check, severity: "note", found, fix };
}

/** Something that keeps `ra`, or a part of it, from working. */
export function problem(check: string, found: string, fix: string | null): Diagnosis {
  return { check, severity: "problem", found, fix };
}
