/** Run ids: four characters at first, from an alphabet without look-alikes, always starting with a letter. */
const letters = "abcdefghjkmnpqrstvwxyz";
const alphabet = `${letters}23456789`;

/** A random run id of `length` characters. The registry retries with a longer one when it is taken. */
export function newRunId(length = 4): string {
  const bytes = crypto.getRandomValues(new Uint8Array(length));
  return [...bytes].map((byte, i) => pick(i === 0 ? letters : alphabet, byte)).join("");
}

/** A random id of a question. A run that has it already makes another. */
export function newGateId(): string {
  return newRunId(8);
}

function pick(from: string, byte: number): string {
  return from[byte % from.length] as string;
}

/** The id of a live attempt, as `ra ps` and `processes.json` show it. */
export function processId(run: string, task: string, attempt: number): string {
  return `${run}/${task}/${attempt}`;
}

/** An attempt by its names. */
export interface AttemptName {
  readonly run: string;
  readonly task: string;
  readonly attempt: number;
}

/** A process of the operating system, told apart from a later one with the same pid. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Start time in clock ticks since boot, from `/proc/PID/stat`; null where there is no `/proc`. */
  readonly startTicks: number | null;
}

/** The `ra` that drives a run: its process, and the machine it is on. What an earlier version did not record is absent. */
export interface RunOwner extends ProcessIdentity {
  readonly host?: string;
  /** The kernel's id of the boot; absent where there is none. */
  readonly boot?: string;
  /** Directory of the cgroup that holds everything this `ra` starts; absent where none can be made. */
  readonly cgroup?: string;
}
