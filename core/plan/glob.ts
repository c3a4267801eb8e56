/*
 * The dialect of `touching` and `shared`: `*`, `?`, `**`, `[a-z]`, `[!a-z]`, `{a,b}`, and `!` in front of a whole
 * glob. Everything else stands for itself, parentheses too, since they are common in the paths of web projects.
 * As in git, behind `:(literal)` every character stands for itself.
 */

const literalMark = ":(literal)";

/** One unit of a path segment as a glob sees it. `some`: any run of characters, also none. */
export type Unit = string | { readonly kind: "some" | "one" } | CharacterClass;

interface CharacterClass {
  readonly kind: "class";
  readonly pattern: RegExp;
}

/** A path segment of a glob; `**` stands for any number of segments. */
export type Segment = "**" | readonly Unit[];

/** One glob without braces. */
export type Sequence = readonly Segment[];

/** Sequences that one glob may stand for before it is taken to stand for anything. */
const sequencesMax = 64;

/** Why a text cannot be used as a glob, completing "`touching[0]` ..."; null when it can. */
export function globTrouble(glob: string): string | null {
  const named = glob.startsWith("!") ? glob.slice(1) : glob;
  const literal = literalPath(named);
  const body = literal ?? named;
  if (body.trim() === "") return "is empty";
  if (body.length > 1000) return "is longer than 1000 characters";
  if (/\p{Cc}/u.test(body)) return "holds a control character";
  if (body.includes("\\")) return "holds a backslash";
  if (body.startsWith("/") || /^[A-Za-z]:/.test(body)) return "is an absolute path";
  if (body.split(/[/{},]/).includes("..")) return "leaves the repository with `..`";
  if (literal !== null) return null;
  if (/\{[^{},]*\.\.[^{},]*\}/.test(body)) return "holds a range in braces";
  return bracketTrouble(body);
}

function bracketTrouble(body: string): string | null {
  let depth = 0;
  for (let at = 0; at < body.length; at++) {
    const unit = body[at];
    if (unit === "[") {
      const end = classEnd(body, at);
      if (end === -1) return "opens `[` and never closes it";
      const inside = body.slice(at + 1, end - 1);
      if (inside.includes("/")) return "holds `/` between `[` and `]`";
      if (!compileClass(inside)) return `holds \`[${inside}]\`, which is no set of characters`;
      at = end - 1;
    } else if (unit === "]") return "closes `]` without opening it";
    else if (unit === "{") depth += 1;
    else if (unit === "}" && --depth < 0) return "closes `}` without opening it";
    if (depth > 5) return "nests braces deeper than 5 levels";
  }
  return depth > 0 ? "opens `{` and never closes it" : null;
}

/** Offset after the `]` that closes the set opened at `start`; -1 when none does. */
function classEnd(text: string, start: number): number {
  let at = start + 1;
  if (text[at] === "!" || text[at] === "^") at += 1;
  const end = text.indexOf("]", at + 1);
  return end === -1 ? -1 : end + 1;
}

function compileClass(inside: string): RegExp | null {
  const negated = /^[!^]/.test(inside);
  const body = (negated ? inside.slice(1) : inside).replace(/[[\]^&~|]/g, "\\$&");
  try {
    return new RegExp(`^[${negated ? "^/" : ""}${body}]$`, "iu");
  } catch {
    return null;
  }
}

/** A glob as every reader here sees it: one Unicode form, no `./` in front, no `//`, `**` after a last `/`. */
export function normalizeGlob(glob: string): string {
  const parts = glob.normalize("NFC").split("/");
  const kept = parts.filter((part) => part !== "" && part !== ".");
  if (kept.length === 0) return "**";
  return kept.join("/") + (glob.endsWith("/") && kept.at(-1) !== "**" ? "/**" : "");
}

/** The glob that names exactly this path, relative to the repository, and what may lie below it. */
export function globOfPath(path: string): string {
  const isPlain = !/[*?[\]{}\\]|^!/.test(path) && !path.startsWith(literalMark);
  return isPlain ? path : `${literalMark}${path}`;
}

/** The path a normalized glob names behind `:(literal)`; null for any other glob. */
export function literalPath(glob: string): string | null {
  return glob.startsWith(literalMark) ? glob.slice(literalMark.length) : null;
}

/**
 * Text without its case, each code point on its own, so that what matches regardless of case is equal. A letter whose
 * other case is longer stays: a `?` must go on to stand for it.
 */
export function foldCase(text: string): string {
  if (!/[^\0-\x7f]/.test(text)) return text.toLowerCase();
  return [...text].map((one) => sameLength(sameLength(one, "toUpperCase"), "toLowerCase")).join("");
}

function sameLength(one: string, change: "toUpperCase" | "toLowerCase"): string {
  const changed = one[change]();
  return [...changed].length === 1 ? changed : one;
}

/** Reads a normalized glob that `globTrouble` has passed. Case is folded. */
export function readGlob(glob: string): readonly Sequence[] {
  const literal = literalPath(glob);
  if (literal !== null) return [split(foldCase(literal)).map((part) => [...part])];
  const written = expandBraces(foldCase(glob));
  if (!written) return [["**"]];
  const sequences = written.flatMap((text) => [readSequence(text)]);
  // A folder named `[slug]` is far more common than one named by a single letter of it: both are meant.
  const bracketed = written.filter((text) => text.includes("[")).map(readLiteralBrackets);
  return [...sequences, ...bracketed];
}

/** A glob as one without braces for each that they stand for; null when those are too many. */
export function expandBraces(text: string): readonly string[] | null {
  const open = text.indexOf("{");
  if (open === -1) return [text];
  const options: string[] = [];
  let depth = 0;
  let start = open + 1;
  for (let at = open; at < text.length; at++) {
    const unit = text[at];
    if (unit === "{") depth += 1;
    else if (unit === "}") depth -= 1;
    if ((unit === "," && depth === 1) || depth === 0) {
      options.push(text.slice(start, at));
      start = at + 1;
    }
    if (depth === 0) return joinOptions(text.slice(0, open), options, text.slice(at + 1));
  }
  return null;
}

function joinOptions(before: string, options: readonly string[], after: string): string[] | null {
  const found: string[] = [];
  for (const option of options) {
    const written = expandBraces(before + option + after);
    if (!written || found.length + written.length > sequencesMax) return null;
    found.push(...written);
  }
  return found;
}

function readSequence(text: string): Sequence {
  return split(text).map((part) => (part === "**" ? part : readSegment(part)));
}

function readLiteralBrackets(text: string): Sequence {
  return split(text).map((part) =>
    part === "**"
      ? part
      : [...part].map((unit) => (unit === "*" ? some : unit === "?" ? one : unit)),
  );
}

function split(text: string): readonly string[] {
  return text.split("/").filter((part) => part !== "");
}

const some = { kind: "some" } as const;
const one = { kind: "one" } as const;

function readSegment(part: string): readonly Unit[] {
  const units: Unit[] = [];
  for (let at = 0; at < part.length; ) {
    const unit = String.fromCodePoint(part.codePointAt(at)!);
    const end = unit === "[" ? classEnd(part, at) : -1;
    const pattern = end === -1 ? null : compileClass(part.slice(at + 1, end - 1));
    if (pattern) {
      units.push({ kind: "class", pattern });
      at = end;
    } else {
      if (unit === "*") {
        if (units.at(-1) !== some) units.push(some);
      } else units.push(unit === "?" ? one : unit);
      at += unit.length;
    }
  }
  return units;
}
