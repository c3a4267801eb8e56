import { fstatSync, readSync } from "node:fs";

/**
 * How a log at its cap lies on the disk: the first half of what was printed, a line of fixed length that counts what
 * is missing, the last half. While the log grows its last half is a ring, whose seam follows from that count.
 */
export interface LogLayout {
  /** Bytes of each half. */
  readonly half: number;
  /** Bytes between the halves that are not kept. */
  readonly dropped: number;
  /** `growing`: the last half is a ring. `mixed`: it is being put in order. `whole`: it is in order. */
  readonly state: "growing" | "mixed" | "whole";
}

const words = { growing: "dropped so far", mixed: "dropped, mixed", whole: "dropped in all" };
const states = new Map(Object.entries(words).map(([state, said]) => [said, state]));
const digits = 15;
const pattern = new RegExp(
  `^\\n\\[ra: ([ 0-9]{${digits}}) bytes (${Object.values(words).join("|")})\\]\\n$`,
);

/** The line between the halves, always of `noteBytes` bytes. */
export function noteOf({ dropped, state }: Omit<LogLayout, "half">): Uint8Array {
  return Buffer.from(`\n[ra: ${String(dropped).padStart(digits)} bytes ${words[state]}]\n`);
}

/** Length of the line between the halves; no half is shorter. */
export const noteBytes: number = noteOf({ dropped: 0, state: "whole" }).length;

/** How an open log file lies; null while it holds all that was printed, in order. */
export function layoutOf(file: number): LogLayout | null {
  const half = (fstatSync(file).size - noteBytes) / 2;
  if (half < noteBytes || !Number.isInteger(half)) return null;
  const bytes = Buffer.alloc(noteBytes);
  readSync(file, bytes, 0, noteBytes, half);
  const [, count, said = ""] = pattern.exec(bytes.toString("latin1")) ?? [];
  const dropped = Number(count);
  if (count === undefined || !Number.isSafeInteger(dropped) || dropped < 1) return null;
  return { half, dropped, state: states.get(said) as LogLayout["state"] };
}

/** Where in the file the byte stands that was printed as number `at`, which must be among those that are kept. */
export function placeOf({ half, dropped, state }: LogLayout, at: number): number {
  if (at < half) return at;
  const start = half + noteBytes;
  // All but the bytes in whose place the count stands keep the place they had before.
  if (state === "growing") return start + ((at - start + half) % half);
  return start + (at - half - dropped);
}

/** The number of the first byte of the last half. */
export function tailOf({ half, dropped }: LogLayout): number {
  return half + dropped;
}

/** How many bytes were printed in all. */
export function printedIn(layout: LogLayout): number {
  return tailOf(layout) + layout.half;
}

/** Bytes that are written to a ring at a time: a reader counts on no more than this being in flux. */
export function stepOf(half: number): number {
  return Math.min(64 * 1024, Math.ceil(half / 4));
}
