import { err, type Result } from "../result.ts";
import { parseJson } from "./json-source.ts";
import type { Issue } from "./plan.ts";
import { createPlacer, type IssuePrefix, type Source } from "./source.ts";
import { parseYaml } from "./yaml.ts";

/** UTF-16 units of a text; a file may hold as many bytes. */
export const textMax = 8 * 1024 * 1024;

/**
 * Reads YAML or JSON, whichever the text is. The value is a map; a byte order mark is left out, so places
 * count from after it. What JSON.parse accepts never reaches the YAML parser, which is far slower.
 */
export function parseText(raw: string, prefix: IssuePrefix): Result<Source, readonly Issue[]> {
  const text = raw.startsWith("\uFEFF") ? raw.slice(1) : raw;
  const placer = createPlacer(text);
  const refuse = (code: string, at: number, message: string, hint: string) =>
    err([{ code: `${prefix}_${code}`, message, ...placer(at, at + 1), hint }]);

  if (text.length > textMax) {
    return refuse("TOO_LARGE", 0, "the file is larger than 8 MB", "split it into several files");
  }
  const control = text.search(controlCharacter);
  if (control !== -1) {
    const name = text.charCodeAt(control).toString(16).padStart(4, "0").toUpperCase();
    const hint = "save the file as UTF-8 text, and write such a character as an escape in quotes";
    return refuse("BAD_CHARACTER", control, `the file holds the control character U+${name}`, hint);
  }
  const parsed = parseJson(text, prefix) ?? parseYaml(text, prefix);
  if (!parsed.ok) return parsed;
  const { value } = parsed.value;
  if (value === null || value === undefined) {
    return refuse("EMPTY", 0, "the file is empty", starting[prefix]);
  }
  if (typeof value !== "object" || Array.isArray(value)) {
    const what = Array.isArray(value) ? "a list" : "a single value";
    return refuse(
      "NOT_A_MAP",
      text.search(/\S/),
      `the file is ${what}, not a map`,
      starting[prefix],
    );
  }
  return parsed;
}

/** Tab, line feed and carriage return are text; YAML allows no other of the lower control characters. */
const controlCharacter = /[^\t\n\r\u0020-\uFFFF]/;

const starting: Record<IssuePrefix, string> = {
  PLAN: "start with `version: 1` and a list of `tasks`",
  CONFIG: "start with a key such as `concurrency: 3`, or delete the file",
};
