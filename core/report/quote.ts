/** Characters of outside text that are shown at most. */
const shownMax = 120;

// Controls, line and paragraph separators, what turns the direction of text, and what cannot be seen.
const hidden = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu;

/**
 * Text from outside as a Markdown code span: one line of at most 120 characters, in which nothing is markup and
 * from which nothing breaks out.
 */
export function quote(text: string): string {
  // Enough for 120 characters of any kind: what follows must not cost time on a text of many megabytes.
  const line = text
    .slice(0, shownMax * 8)
    .toWellFormed()
    .replace(hidden, " ")
    .replaceAll("`", "'")
    .replace(/\s+/g, " ")
    .trim();
  const characters = [...line];
  const isCut = characters.length > shownMax || text.length > shownMax * 8;
  const shown = isCut ? `${characters.slice(0, shownMax - 1).join("")}…` : line;
  return shown === "" ? "(empty)" : `\`${shown}\``;
}
