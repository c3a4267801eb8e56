import { err, ok, type Result } from "../result.ts";
import type { Issue } from "./plan.ts";
import type { IssuePrefix } from "./source.ts";

/** Bytes to text. Anything but UTF-8 is an issue at its first wrong byte; a byte order mark is left out. */
export function decodeText(
  bytes: Uint8Array,
  prefix: IssuePrefix,
): Result<string, readonly Issue[]> {
  try {
    return ok(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    const wide =
      (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
    const message = wide ? "the file is UTF-16" : "the file is not UTF-8 text";
    const place = wide ? { line: 1, column: 1 } : firstWrong(bytes);
    const hint = "save it as UTF-8";
    return err([{ code: `${prefix}_NOT_UTF8`, message, ...place, length: 1, hint }]);
  }
}

/** Halves its way to the longest front part without a wrong byte; a sequence cut short by its end is none. */
function firstWrong(bytes: Uint8Array): { readonly line: number; readonly column: number } {
  let good = 0;
  let bad = bytes.length;
  while (good < bad) {
    const middle = (good + bad + 1) >> 1;
    if (decodeFront(bytes, middle) === null) bad = middle - 1;
    else good = middle;
  }
  const front = decodeFront(bytes, good) ?? "";
  const lineStart = front.lastIndexOf("\n") + 1;
  return { line: front.split("\n").length, column: front.length - lineStart + 1 };
}

function decodeFront(bytes: Uint8Array, size: number): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, size), {
      stream: true,
    });
  } catch {
    return null;
  }
}
