import { blanked, isPlain, spelledOut } from "../plain-text.ts";

/** Characters of outside text that are shown at most. */
const shownMax = 120;

/**
 * Text from outside as a Markdown code span: one line of at most 120 characters, in which nothing is markup and
 * from which nothing breaks out.
 */
export function quote(text: string): string {
  // Enough for 120 characters of any kind: what follows must not cost time on a text of many megabytes.
  const line = blanked(text.slice(0, shownMax * 8).toWellFormed())
    .replaceAll("`", "'")
    .replace(/\s+/g, " ")
    .trim();
  const characters = [...line];
  const isCut = characters.length > shownMax || text.length > shownMax * 8;
  const shown = isCut ? `${characters.slice(0, shownMax - 1).join("")}…` : line;
  return shown === "" ? "(empty)" : `\`${shown}\``;
}

/** How much of a text is cited, in characters. */
const citedMax = 2000;

/** Text from outside as a quotation: no line of it can pass for one of ours. */
export function cite(text: string): string {
  const lines = text.slice(0, citedMax).toWellFormed().trim().split("\n");
  return lines.map((line) => `> ${blanked(line)}`.trimEnd()).join("\n");
}

/** A glob whole and unchanged, unlike `quote`: an agent can only keep away from paths it can read. */
export function exact(glob: string): string {
  if (!glob.includes("`") && isPlain(glob)) return `\`${glob}\``;
  const code = (point: number): string => `\\u{${point.toString(16)}}`;
  return spelledOut(JSON.stringify(glob), code).replaceAll("`", "\\u{60}");
}
