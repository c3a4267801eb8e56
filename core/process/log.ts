import { closeSync, mkdirSync, openSync, readSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { limits } from "../limits.ts";
import type { Redactor } from "../secret/redactor.ts";
import { noteBytes, noteOf, placeOf, stepOf } from "./log-layout.ts";

/** Where the output of a program goes, standard output and error in the order they arrive. */
export interface OutputSink {
  write(chunk: Uint8Array): void;
}

/** How the output of the programs of a run is kept. */
export interface Recording {
  /** Bytes of one log file at most. */
  readonly bytesMax: number;
  /** Hides secrets in it; null when there are none. */
  readonly redactor: Redactor | null;
}

/** The log file of one attempt. */
export interface AttemptLog extends OutputSink {
  /** Bytes that came in, kept or not. */
  readonly bytes: number;
  /** Bytes in the middle that are not kept. */
  readonly dropped: number;
  /** The first error of the disk, after which nothing more is written; null while all is well. */
  readonly problem: Error | null;
  /** Puts the tail in order and closes the file. What comes later is dropped. */
  end(): void;
}

/**
 * A log with a cap: the first half and the last half of `bytesMax` are kept, and between them stands how many bytes
 * are missing, as `log-layout.ts` says. The file never holds more, not even while it grows. File (mode 0600) and directories are made at the
 * first byte. Nothing is synced: a log is evidence and no fact, so it outlives `ra`, but the last seconds of it may
 * not outlive a power cut. Never throws: a full disk must not end an agent, so its error stands in `problem`.
 */
export function openLog(path: string, bytesMax: number = limits.logBytes): AttemptLog {
  const half = Math.max(noteBytes, Math.floor(bytesMax / 2));
  let fd: number | null = null;
  let bytes = 0;
  let problem: Error | null = null;
  let ended = false;

  const attempt = (work: () => void): void => {
    try {
      work();
    } catch (error) {
      problem ??= error as Error;
    }
  };

  return {
    get bytes() {
      return bytes;
    },
    get dropped() {
      return Math.max(0, bytes - 2 * half);
    },
    get problem() {
      return problem;
    },
    write(chunk) {
      if (ended || chunk.length === 0) return;
      const from = bytes;
      bytes += chunk.length;
      if (problem !== null) return;
      attempt(() => {
        fd ??= create(path);
        writeRound(fd, chunk, from, half);
      });
    },
    end() {
      if (ended) return;
      ended = true;
      const file = fd;
      if (file === null) return;
      if (problem === null && bytes > 2 * half) attempt(() => unroll(file, bytes, half));
      attempt(() => closeSync(file));
    },
  };
}

/** What a person should know of a log that does not hold all of an output; empty when it does. */
export function logNotes({ dropped, problem }: AttemptLog): string[] {
  const notes: string[] = [];
  if (problem !== null) notes.push(`its output could not be logged: ${problem.message}`);
  if (dropped > 0) notes.push(`its log lacks ${dropped} bytes from the middle of the output`);
  return notes;
}

function create(path: string): number {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  return openSync(path, "w+", 0o600);
}

/**
 * What is newest is on the disk at every moment, so that the end of an output can be read even when `ra` is killed.
 * The count follows each step: between the two a reader sees a count that is too small by one step at most.
 */
function writeRound(fd: number, chunk: Uint8Array, from: number, half: number): void {
  const room = Math.min(chunk.length, Math.max(0, 2 * half - from));
  if (room > 0) writeAt(fd, chunk.subarray(0, room), from);
  for (let done = room; done < chunk.length; ) {
    const at = from + done;
    // The count takes the place of the oldest bytes of the last half, which go behind its end.
    if (at === 2 * half) writeAt(fd, readAt(fd, noteBytes, half), 2 * half);
    const layout = { half, dropped: at - 2 * half, state: "growing" } as const;
    const place = placeOf(layout, at);
    const size = Math.min(chunk.length - done, stepOf(half), 2 * half + noteBytes - place);
    writeAt(fd, chunk.subarray(done, done + size), place);
    writeAt(fd, noteOf({ ...layout, dropped: layout.dropped + size }), half);
    done += size;
  }
}

/** Turns the ring so that its oldest byte comes first. */
function unroll(fd: number, bytes: number, half: number): void {
  const dropped = bytes - 2 * half;
  const first = half + noteBytes;
  const seam = placeOf({ half, dropped, state: "growing" }, half + dropped);
  const [newer, older] = [seam - first, 2 * half + noteBytes - seam];
  writeAt(fd, noteOf({ dropped, state: "mixed" }), half);
  // The smaller part waits in memory while the other one moves.
  if (newer <= older) {
    const kept = readAt(fd, newer, first);
    move(fd, seam, older, -newer);
    writeAt(fd, kept, first + older);
  } else {
    const kept = readAt(fd, older, seam);
    move(fd, first, newer, older);
    writeAt(fd, kept, first);
  }
  writeAt(fd, noteOf({ dropped, state: "whole" }), half);
}

/** Bytes that are moved at a time. */
const blockBytes = 1024 * 1024;

/** Moves `size` bytes from `from` by `distance`, in the order in which none is overwritten before it was read. */
function move(fd: number, from: number, size: number, distance: number): void {
  for (let done = 0; done < size; ) {
    const length = Math.min(blockBytes, size - done);
    const at = distance < 0 ? from + done : from + size - done - length;
    writeAt(fd, readAt(fd, length, at), at + distance);
    done += length;
  }
}

function readAt(fd: number, length: number, place: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let read = 0; read < length; ) {
    const size = readSync(fd, bytes, read, length - read, place + read);
    if (size === 0) return bytes.subarray(0, read);
    read += size;
  }
  return bytes;
}

function writeAt(fd: number, bytes: Uint8Array, place: number): void {
  for (let done = 0; done < bytes.length; )
    done += writeSync(fd, bytes, done, bytes.length - done, place + done);
}
