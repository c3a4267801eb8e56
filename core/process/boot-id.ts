import { readFileSync } from "node:fs";

let boot: string | null | undefined;

/** The kernel's name for the time since this machine started; null where there is none. */
export function bootId(): string | null {
  if (boot === undefined) {
    try {
      boot = readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
    } catch {
      boot = null;
    }
  }
  return boot;
}
