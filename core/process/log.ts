import { closeSync, ftruncateSync, mkdirSync, openSync, readSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/** How many bytes of an attempt's output are kept by default. */
export const logBytesMax = 16 * 1024 * 1024;

/** Where the output of a program goes, standard output and error in the order they arrive. */
export interface OutputSink {
  write(chunk: Uint8Array): void;
}

/** The log file of one attempt. */
export interface AttemptLog extends OutputSink {
  /** Bytes that came in, kept or not. */
  readonly bytes: number;
  /** The first error of the disk, after which nothing more is written; null while all is well. */
  readonly problem: Error | null;
  /** Puts the tail in order and closes the file. What comes later is dropped. */
  end(): void;
}

/**
 * A log with a cap: the first half and the last half of `bytesMax` are kept, and `end` writes the number of
 * dropped bytes between them. File (mode 0600) and directories are made at the first byte. Never throws: a full
 * disk must not end an agent, so its error stands in `problem`.
 */
export function openLog(path: string, bytesMax = logBytesMax): AttemptLog {
  const half = Math.max(1, Math.floor(bytesMax / 2));
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

function create(path: string): number {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  return openSync(path, "w+", 0o600);
}

/**
 * The second half of the file is a ring: what is newest is on the disk at every moment, so that the end of an
 * output can be read even when `ra` is killed.
 */
function writeRound(fd: number, chunk: Uint8Array, from: number, half: number): void {
  let done = 0;
  // Bytes that would be overwritten by the same chunk are not written at all.
  if (from >= half && chunk.length > half) done = chunk.length - half;
  while (done < chunk.length) {
    const offset = from + done;
    const place = offset < half ? offset : half + ((offset - half) % half);
    const room = (offset < half ? half : 2 * half) - place;
    const size = Math.min(room, chunk.length - done);
    done += writeSync(fd, chunk, done, size, place);
  }
}

/** Turns the ring so that its oldest byte comes first, behind a line that says how much is missing. */
function unroll(fd: number, bytes: number, half: number): void {
  const ring = new Uint8Array(half);
  let read = 0;
  while (read < half) {
    const size = readSync(fd, ring, read, half - read, half + read);
    if (size === 0) break;
    read += size;
  }
  const start = (bytes - half) % half;
  const note = new TextEncoder().encode(`\n[${bytes - 2 * half} bytes dropped]\n`);
  const parts = [note, ring.subarray(start), ring.subarray(0, start)];
  let place = half;
  for (const part of parts) {
    for (let done = 0; done < part.length; ) {
      const size = writeSync(fd, part, done, part.length - done, place);
      done += size;
      place += size;
    }
  }
  ftruncateSync(fd, place);
}
