import picomatch from "picomatch";
import {
  foldCase,
  literalPath,
  normalizeGlob,
  readGlob,
  type Segment,
  type Sequence,
  type Unit,
} from "./glob.ts";

/** Globs made ready for many comparisons. */
export interface Claim {
  /** Only what can clash: neither negated nor wholly shared. */
  readonly parts: readonly Part[];
  readonly covers: (path: string) => boolean;
}

interface Part {
  /** As the plan has it, for messages. */
  readonly glob: string;
  readonly sequences: readonly Sequence[];
  /** Leading segments without wildcards, each followed by `/`: apart here means apart altogether. */
  readonly prefix: string;
}

/**
 * Makes a task's globs ready. A glob also claims everything below what it names, case does not count, and `!glob`
 * takes nothing away from a clash. `shared` globs never clash. A claim of negations alone claims all the rest.
 */
export function compileClaim(globs: readonly string[], shared: readonly string[]): Claim {
  const positive = globs.filter((glob) => !glob.startsWith("!"));
  const negative = globs.filter((glob) => glob.startsWith("!")).map((glob) => glob.slice(1));
  const claimed = positive.length === 0 && negative.length > 0 ? ["**"] : positive;
  const free = shared.map((glob) => foldCase(normalizeGlob(glob)));
  const parts = claimed.filter((glob) => !isShared(glob, free)).map(partOf);

  let mine: ((path: string) => boolean) | undefined;
  let others: ((path: string) => boolean) | undefined;
  return {
    parts,
    covers(path) {
      mine ??= anyOf([...claimed, ...shared]);
      others ??= anyOf(negative);
      return mine(path) && !others(path);
    },
  };
}

/** True when a path, relative to the repository and with `/`, lies inside a claim or is shared. */
export function matches(claim: Claim, path: string): boolean {
  return claim.covers(path);
}

/**
 * The first two globs that may name the same path, or a path below the other; null when no path can lie in both.
 * Where it cannot tell, it says that they clash.
 */
export function overlap(
  a: Claim,
  b: Claim,
): { readonly mine: string; readonly theirs: string } | null {
  for (const mine of a.parts) {
    for (const theirs of b.parts) {
      if (!mine.prefix.startsWith(theirs.prefix) && !theirs.prefix.startsWith(mine.prefix))
        continue;
      const clash = mine.sequences.some((x) => theirs.sequences.some((y) => sequencesMeet(x, y)));
      if (clash) return { mine: mine.glob, theirs: theirs.glob };
    }
  }
  return null;
}

/** How much of what was made of globs is kept. */
const rememberedMax = 1_000;

/** Makes something of a text once: most globs come again and again, and to read one costs more than to use it. */
function remembered<T>(make: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    if (known.size >= rememberedMax) known.clear();
    const made = make(text);
    known.set(text, made);
    return made;
  };
}

const partOf = remembered(compilePart);

function compilePart(glob: string): Part {
  const sequences = readGlob(normalizeGlob(glob));
  const only = sequences.length === 1 ? sequences[0]! : [];
  let prefix = "";
  for (const segment of only) {
    if (segment === "**" || !isPlain(segment)) break;
    prefix += `${segment.join("")}/`;
  }
  return { glob, sequences, prefix };
}

/** Shared for certain: the very glob, or a plain path or subtree inside a shared subtree. */
function isShared(glob: string, shared: readonly string[]): boolean {
  const text = foldCase(normalizeGlob(glob));
  const literal = literalPath(text);
  if (literal !== null) return anyOf(shared)(literal);
  const root = text.endsWith("/**") ? text.slice(0, -3) : text;
  const plain = !/[*?[{]/.test(root);
  return shared.some((free) => {
    const top = free.endsWith("/**") ? free.slice(0, -3) : free;
    if (/[*?[{]/.test(top)) return text === free || (plain && root === text && anyOf([free])(text));
    return plain && (root === top || root.startsWith(`${top}/`));
  });
}

/** Whether some path satisfies both, or satisfies one and lies below what the other names. */
function sequencesMeet(a: Sequence, b: Sequence): boolean {
  const aFolder = mayBeFolder(a);
  const bFolder = mayBeFolder(b);
  // Row i, column j: whether the first i segments of `a` and the first j of `b` can name the same path.
  let row = firstRow(b);
  for (let i = 0; i <= a.length; i++) {
    if (i > 0) row = nextRow(row, a[i - 1]!, b);
    // Once one of the two is used up, the rest of the other lies below what it names.
    if (row[b.length] && (bFolder || i === a.length || isPlain(a[i - 1]))) return true;
    if (i < a.length) continue;
    return row.some((meets, j) => meets && (aFolder || isPlain(b[j - 1])));
  }
  return false;
}

/** Endings that directories do not have. Others may be one, as `App.xcodeproj` is and `conf.d`. */
const fileEndings: ReadonlySet<string> = new Set(
  (
    "astro bash bat bmp c cc cfg cjs cljs clj cmake conf cpp cs css csv cts cxx dart env erl ex exs fish fs gif go " +
    "gql gradle graphql groovy h hcl hh hpp hrl hs htm html ico ini ipynb java jl jpeg jpg js json json5 jsonc jsx " +
    "kt kts less lock log lua m md mdx mjs ml mm mts nix php pl plist png properties proto ps1 py pyi r rb rs rst " +
    "sass scala scss sh snap sql svelte svg swift tf toml ts tsv tsx txt vue wasm webp xml yaml yml zig zsh"
  ).split(" "),
);

/** False for `*.ts` and the like: then wildcards of another glob are not taken to reach below it. */
function mayBeFolder(sequence: Sequence): boolean {
  const last = sequence.at(-1);
  if (last === undefined || last === "**") return true;
  const name = last.map((unit) => (typeof unit === "string" ? unit : "*")).join("");
  const ending = /.\.([a-z0-9]+)$/.exec(name)?.[1];
  return ending === undefined || !fileEndings.has(ending);
}

function firstRow(b: Sequence): boolean[] {
  const row = [true];
  for (const [j, segment] of b.entries()) row.push(row[j]! && segment === "**");
  return row;
}

function nextRow(above: readonly boolean[], segment: Segment, b: Sequence): boolean[] {
  const row = [above[0]! && segment === "**"];
  for (const [j, other] of b.entries()) {
    const skip = (segment === "**" && above[j + 1]!) || (other === "**" && row[j]!);
    const stay = (segment === "**" && row[j]!) || (other === "**" && above[j + 1]!);
    row.push(skip || stay || (above[j]! && segmentsMeet(segment, other)));
  }
  return row;
}

function isPlain(segment: Segment | undefined): boolean {
  return segment !== undefined && segment !== "**" && segment.every((u) => typeof u === "string");
}

function segmentsMeet(a: Segment, b: Segment): boolean {
  if (a === "**" || b === "**") return true;
  // Some read such a character as one and some as two, so a wildcard may or may not stand for it.
  if ((hasPair(a) && hasWild(b)) || (hasPair(b) && hasWild(a))) return true;
  let above = [true];
  for (const [j, unit] of b.entries()) above.push(above[j]! && isSome(unit));
  for (const unit of a) {
    const row = [above[0]! && isSome(unit)];
    for (const [j, other] of b.entries()) {
      const left = row[j]! && (isSome(unit) || isSome(other));
      const up = above[j + 1]! && (isSome(unit) || isSome(other));
      row.push(left || up || (above[j]! && unitsMeet(unit, other)));
    }
    above = row;
  }
  return above[b.length]!;
}

function hasPair(units: readonly Unit[]): boolean {
  return units.some((unit) => typeof unit === "string" && unit.length > 1);
}

function hasWild(units: readonly Unit[]): boolean {
  return units.some((unit) => typeof unit !== "string");
}

function isSome(unit: Unit): boolean {
  return typeof unit !== "string" && unit.kind === "some";
}

function unitsMeet(a: Unit, b: Unit): boolean {
  if (typeof a === "string" && typeof b === "string") return a === b;
  if (typeof a === "string") return typeof b === "string" || acceptsUnit(b, a);
  if (typeof b === "string") return acceptsUnit(a, b);
  return true;
}

function acceptsUnit(wild: Exclude<Unit, string>, unit: string): boolean {
  return wild.kind !== "class" || wild.pattern.test(unit);
}

const matcherOf = remembered((texts) => makeMatcher(texts.split("\0")));

function anyOf(globs: readonly string[]): (path: string) => boolean {
  return globs.length === 0 ? () => false : matcherOf(globs.join("\0"));
}

function makeMatcher(globs: readonly string[]): (path: string) => boolean {
  const all = globs.map((glob) => normalizeGlob(glob));
  const exact = all.flatMap((glob) => literalPath(glob) ?? []).map((path) => foldCase(path));
  const texts = all.filter((glob) => literalPath(glob) === null);
  const literal = new Set([...exact, ...texts.map((text) => foldCase(text))]);
  const patterns = texts.flatMap((text) => {
    const escaped = text.replace(/[()|+]/g, "\\$&").replace(/^!/, "\\!");
    // A wildcard at the end names what it says; only a plain name stands for a directory too.
    const plain = !/[*?[{]/.test(text.slice(text.lastIndexOf("/") + 1));
    return plain ? [escaped, `${escaped}/**`] : [escaped];
  });
  const match = picomatch(patterns, {
    dot: true,
    nocase: true,
    noextglob: true,
    posix: true,
    windows: false,
  });
  return (path) => {
    const text = path.normalize("NFC");
    const folded = foldCase(text);
    if (literal.has(folded) || exact.some((above) => folded.startsWith(`${above}/`))) return true;
    return match(text);
  };
}
