import { closeSync, existsSync, fstatSync, openSync, readSync } from "node:fs";
import {
  type LogLayout,
  layoutOf,
  noteBytes,
  placeOf,
  printedIn,
  stepOf,
  tailOf,
} from "../core/process/log-layout.ts";

/** How much of a log is read at a time, in bytes. */
const pieceBytes = 256 * 1024;

/** A line that grows beyond this is given without its end, in bytes. */
const heldMax = 64 * 1024;

const nothing = new Uint8Array(0);

/**
 * A log file that grows: each `read` gives what was printed since the last one. Where the log is at its cap, or grows
 * faster than it is read, a line says how many bytes are missing.
 */
export class LogTail {
  readonly #path: string;
  /** Number of the next byte of the output, whatever its place in the file. */
  #at = 0;
  #held: Uint8Array = nothing;

  /** `from`: number of the first byte that is wanted. */
  constructor(path: string, from = 0) {
    this.#path = path;
    this.#at = from;
  }

  /** Number of the byte behind all that was given. */
  get place(): number {
    return this.#at - this.#held.length;
  }

  /**
   * The new bytes, in pieces. While the log is open a line without its end is held back: half an escape sequence could
   * not be recognised, and half a line would be torn by another task's.
   */
  *read(isOpen: boolean): Generator<Uint8Array> {
    if (existsSync(this.#path)) {
      const file = openSync(this.#path, "r");
      try {
        const end = printedNow(file);
        while (this.#at < end) {
          const piece = this.#next(file, isOpen);
          if (piece.length === 0) break;
          yield this.#upToLineEnd(piece);
        }
      } finally {
        closeSync(file);
      }
    }
    if (isOpen) return;
    yield this.#held;
    this.#held = nothing;
  }

  #upToLineEnd(piece: Uint8Array): Uint8Array {
    const bytes = this.#held.length === 0 ? piece : Buffer.concat([this.#held, piece]);
    let end = lastLineEnd(bytes);
    if (end === 0 && bytes.length >= heldMax) end = lastCharacterEnd(bytes);
    this.#held = bytes.slice(end);
    return bytes.subarray(0, end);
  }

  /** What follows next; empty when it cannot be read at the moment. */
  #next(file: number, isOpen: boolean): Uint8Array {
    const layout = layoutOf(file);
    if (layout === null) {
      const bytes = readAt(file, this.#at, pieceBytes);
      // What was read while the log came to its cap may be the count already.
      if (isOpen && layoutOf(file) !== null) return this.#next(file, isOpen);
      this.#at += bytes.length;
      return bytes;
    }
    if (isOpen && layout.state === "mixed") return nothing;
    return this.#ofLayout(file, layout, isOpen);
  }

  #ofLayout(file: number, layout: LogLayout, isOpen: boolean): Uint8Array {
    const { half } = layout;
    if (this.#at < half) return this.#take(readAt(file, this.#at, half - this.#at));
    const isMoving = isOpen && layout.state === "growing";
    // The oldest bytes of a ring may be overwritten while they are read.
    const first = tailOf(layout) + (isMoving ? stepOf(half) : 0);
    if (this.#at < first) return this.#skipTo(Math.min(first, printedIn(layout)));
    const place = placeOf(layout, this.#at);
    const size = Math.min(printedIn(layout) - this.#at, 2 * half + noteBytes - place);
    const bytes = readAt(file, place, size);
    if (!isMoving) return this.#take(bytes);
    const now = layoutOf(file);
    if (now?.state !== "growing") return nothing;
    const safe = tailOf(now) + stepOf(half);
    return this.#at >= safe ? this.#take(bytes) : this.#skipTo(safe + Math.floor(half / 4));
  }

  #take(bytes: Uint8Array): Uint8Array {
    this.#at += bytes.length;
    return bytes;
  }

  #skipTo(at: number): Uint8Array {
    const lost = at - this.#at;
    this.#at = at;
    return new TextEncoder().encode(`\n[ra: ${lost} bytes dropped]\n`);
  }
}

/** How many bytes were printed into a log, those that are not kept among them; null: there is no such log. */
export function printedBytes(path: string): number | null {
  if (!existsSync(path)) return null;
  const file = openSync(path, "r");
  try {
    return printedNow(file);
  } finally {
    closeSync(file);
  }
}

function printedNow(file: number): number {
  const layout = layoutOf(file);
  return layout === null ? fstatSync(file).size : printedIn(layout);
}

function readAt(file: number, place: number, size: number): Uint8Array {
  const bytes = new Uint8Array(Math.max(0, Math.min(size, pieceBytes)));
  return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, place));
}

/** The offset behind the last line end; a return at the very end may be the first half of one. */
function lastLineEnd(bytes: Uint8Array): number {
  const isReturnLast = bytes.at(-1) === 0x0d;
  const whole = isReturnLast ? bytes.subarray(0, -1) : bytes;
  return Math.max(whole.lastIndexOf(0x0a), whole.lastIndexOf(0x0d)) + 1;
}

/** The offset behind the last character that is whole, as UTF-8 counts. */
function lastCharacterEnd(bytes: Uint8Array): number {
  for (let back = 1; back <= 4 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back]!;
    if (byte < 0x80) return bytes.length;
    if (byte < 0xc0) continue;
    const length = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    return length > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}
