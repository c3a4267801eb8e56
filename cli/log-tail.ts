import { closeSync, existsSync, fstatSync, openSync, readSync } from "node:fs";

/** How much of a log is read at a time, in bytes. */
const pieceBytes = 64 * 1024;

/** A line that grows beyond this is given without its end, in UTF-16 units. */
const heldMax = 64 * 1024;

/** A log file that grows: each `read` gives what has come since the last one. */
export class LogTail {
  readonly #path: string;
  readonly #decoder = new TextDecoder();
  #offset = 0;
  #held = "";

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * The new text. While the log is open a line without its end is held back: half an escape sequence could not be
   * recognised, and half a line would be torn by another task's.
   */
  read(isOpen: boolean): string {
    const text = this.#held + this.#more();
    const end = isOpen && text.length < heldMax ? lastLineEnd(text) : text.length;
    this.#held = text.slice(end);
    return text.slice(0, end);
  }

  #more(): string {
    if (!existsSync(this.#path)) return "";
    const file = openSync(this.#path, "r");
    try {
      // A log at its cap is put in order at its end: then it is another file, and shorter.
      if (fstatSync(file).size < this.#offset) this.#offset = 0;
      let text = "";
      const piece = new Uint8Array(pieceBytes);
      for (;;) {
        const size = readSync(file, piece, 0, pieceBytes, this.#offset);
        if (size === 0) return text;
        this.#offset += size;
        text += this.#decoder.decode(piece.subarray(0, size), { stream: true });
      }
    } finally {
      closeSync(file);
    }
  }
}

/** The offset behind the last line end; a return at the very end may be the first half of one. */
function lastLineEnd(text: string): number {
  return Math.max(text.lastIndexOf("\n"), text.slice(0, -1).lastIndexOf("\r")) + 1;
}
