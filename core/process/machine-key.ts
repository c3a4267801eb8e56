import { createHash } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

let boot: string | null | undefined;
let key: string | undefined;

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

/** Twelve characters that stand for the place where a process id means what it means here: machine, boot, pid namespace. */
export function machineKey(): string {
  key ??= createHash("sha256")
    .update([hostname(), bootId() ?? "", pidNamespace()].join("\0"))
    .digest("hex")
    .slice(0, 12);
  return key;
}

function pidNamespace(): string {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return "";
  }
}
