/** The longest line that is given in one piece where nobody asks for more, in UTF-16 units. */
export const lineLengthMax = 1024 * 1024;

/** Takes a line without its end. `isWhole` false: a piece of a line that is too long, its last one included. */
export type OnLine = (line: string, isWhole: boolean) => void;

/** Cuts a stream of bytes into lines. */
export interface LineSplitter {
  push(chunk: Uint8Array): void;
  /** Gives what stands after the last line end, if anything does. */
  end(): void;
}

/** Bytes decoded at a time: no more, so that a decoded part is always shorter than a piece. */
const stepBytes = 256 * 1024;

/**
 * Calls `onLine` for each line without its end (`\n` or `\r\n`). Characters that are split over chunks are put
 * together; bytes that are not UTF-8 are replaced. Longer lines than `lengthMax` come in pieces.
 */
export function splitLines(onLine: OnLine, lengthMax = lineLengthMax): LineSplitter {
  const decoder = new TextDecoder();
  // Parts instead of one growing text: an endless line then costs little more memory than one piece.
  let parts: string[] = [];
  let length = 0;
  let isCut = false;

  const add = (part: string): void => {
    if (length > 0 && length + part.length > lengthMax) {
      isCut = true;
      give(parts.join(""));
    }
    parts.push(part);
    length += part.length;
  };

  const give = (line: string): void => {
    parts = [];
    length = 0;
    onLine(line, !isCut);
  };

  const take = (text: string): void => {
    let from = 0;
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", from)) {
      add(text.slice(from, at));
      give(withoutReturn(parts.length === 1 ? (parts[0] as string) : parts.join("")));
      isCut = false;
      from = at + 1;
    }
    if (from < text.length) add(text.slice(from));
  };

  return {
    push(chunk) {
      for (let at = 0; at < chunk.length; at += stepBytes) {
        take(decoder.decode(chunk.subarray(at, at + stepBytes), { stream: true }));
      }
    },
    end() {
      take(decoder.decode());
      if (length > 0) give(withoutReturn(parts.join("")));
    },
  };
}

function withoutReturn(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}
