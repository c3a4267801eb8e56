const esc = "\u001b";
const bell = "\u0007";
const introducers = "\u0090\u0098\u009d-\u009f";
const terminator = `(?:${bell}|${esc}\\\\|\u009c)`;

// Each alternative stops at the next escape, so hostile text costs linear time only.
const sequences = new RegExp(
  [
    `(?:${esc}[\\]PX^_]|[${introducers}])[^${bell}${esc}\u0080-\u009f\\n]*${terminator}`,
    `(?:${esc}\\[|\u009b)[0-?]*[ -/]*[@-~]`,
    `${esc}[ -/]*[0-~]`,
  ].join("|"),
  "g",
);

/** Marks that reorder, hide or invisibly carry text: bidi controls, zero-width signs but the joiner, tags. */
const invisible =
  /[\u00ad\u061c\u180e\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

/** Controls, line and paragraph separators, what turns the direction of text, what cannot be seen. */
const hidden = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu;

/** The same without tabs, line ends and what joins two pictures to one. */
const hiddenInLines =
  /(?![\n\t])[\p{Cc}\p{Zl}\p{Zp}]|(?!\u200d)\p{Cf}|(?<!\p{Extended_Pictographic}|\p{Emoji_Modifier}|\ufe0f)\u200d/gu;

/*
 * Text from outside leaves `ra` by one of these and by no other way: stripped for people (`block`, `oneLine`), written
 * out where it must be seen exactly (`spelledOut`), blanked in Markdown (`blanked`), escaped in JSON (`jsonText`).
 */

/** Text from outside, made safe to print on several lines: no escapes, controls or bidi marks. */
export function block(text: string): string {
  return text
    .toWellFormed()
    .replace(/\r\n?|[\v\f\u0085\u2028\u2029]/g, "\n")
    .replace(sequences, "")
    .replace(/(?![\n\t])\p{Cc}/gu, "")
    .replace(invisible, "");
}

/** Text from outside on one line: as `block`, with every run of white space one space. */
export function oneLine(text: string): string {
  return block(text).replace(/\s+/g, " ").trim();
}

/** As it is, but for what a terminal would obey or not show: `write` gets its number. Tabs and line ends stay. */
export function spelledOut(text: string, write: (codePoint: number) => string): string {
  return text
    .toWellFormed()
    .replace(hiddenInLines, (character) => write(character.codePointAt(0) ?? 0));
}

/** The same on one line, as JSON writes such characters: `\u001b`. */
export function spelledOutLine(text: string): string {
  const line = text.replace(/[\n\t]/g, (end) => unicodeEscape(end.charCodeAt(0)));
  return spelledOut(line, unicodeEscape);
}

/** Every run of what is obeyed or not shown as one space, line ends too. */
export function blanked(text: string): string {
  return text.replace(hidden, " ");
}

/** True when nothing in it is obeyed or not shown. */
export function isPlain(text: string): boolean {
  return text.search(hidden) === -1;
}

/** A number of a character as JSON and JavaScript write it, such as `\u001b`. */
function unicodeEscape(codePoint: number): string {
  return String.fromCodePoint(codePoint)
    .split("")
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .join("");
}

/** A value as JSON in which also C1 controls, bidi marks and the like are escaped: it means the same to a program. */
export function jsonText(value: unknown, indent?: number): string {
  return spelledOut(JSON.stringify(value, null, indent), unicodeEscape);
}
