import { readdirSync, readFileSync } from "node:fs";
import { until } from "./repository.ts";

/** What a test needs to know of an `ra` to end it. */
interface Target {
  readonly pid: number;
  readonly ended: Promise<unknown>;
  signal(name: NodeJS.Signals): void;
}

/** Ids of the processes by which an `ra` looks after what it starts: its wardens, or its shims. */
export function keepersOf(pid: number, word: "__warden" | "__shim"): number[] {
  return readdirSync("/proc")
    .filter((name) => /^[0-9]+$/.test(name))
    .filter((name) => readArguments(name).includes(`\0${word}\0ra:${pid}:`))
    .map(Number);
}

/** Kills an `ra` and its warden with it, so that nobody but a later `ra` ends what it leaves. */
export async function killWithWarden(ra: Target): Promise<void> {
  // A warden that dies alone is followed by another one at once.
  ra.signal("SIGSTOP");
  await until(() => keepersOf(ra.pid, "__warden").length > 0, "a warden");
  for (const warden of keepersOf(ra.pid, "__warden")) process.kill(warden, "SIGKILL");
  ra.signal("SIGKILL");
  await ra.ended;
}

function readArguments(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1");
  } catch {
    return "";
  }
}
