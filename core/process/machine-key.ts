import { createHash } from "node:crypto";
import { readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { bootId } from "./boot-id.ts";

let key: string | undefined;

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
