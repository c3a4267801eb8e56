import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import picomatch from "picomatch";
import { compileClaim, matches, overlap } from "../../core/plan/claim.ts";
import { globOfPath, globTrouble } from "../../core/plan/glob.ts";

const runs = { numRuns: 10_000, seed: Number(process.env.RA_SEED ?? 20_261_126) };

/** Letters of several cases and forms, and everything that some dialect of globs reads as more than itself. */
const letters =
  "a b c A B C 1 - . + ( ) ! @ [ ] \u00e9 e\u0301 \u00c9 \u00df \u0130 \u0131 \u212a \u03c2 \u03c3 \u03a3 \u00b5 \u017f \u{1f600}";
const letter = fc.constantFrom(...letters.split(" "));

const segment = fc
  .array(letter, { minLength: 1, maxLength: 3 })
  .map((units) => units.join(""))
  .filter((text) => !/^\.+$/.test(text) && !/.\.c$/i.test(text));

const path = fc
  .tuple(
    fc.array(segment, { minLength: 1, maxLength: 4 }),
    fc.constantFrom("", ".ts", ".TS", ".md"),
  )
  .map(([segments, ending]) => segments.join("/") + ending);

/** Ways to write a segment as a glob; not all of them name it. */
function segmentGlob(text: string): fc.Arbitrary<string> {
  const units = [...text];
  return fc.nat(units.length - 1).chain((at) => {
    const [head, unit, tail] = [
      units.slice(0, at).join(""),
      units[at] ?? "",
      units.slice(at + 1).join(""),
    ];
    const inClass = /[[\]!^-]/.test(unit) ? "[!x]" : `[${unit}z]`;
    return fc.constantFrom(
      ...[
        text,
        text,
        "*",
        "**",
        `${head}*`,
        `*${unit}${tail}`,
        `**${unit}${tail}`,
        `${head}?${tail}`,
      ],
      ...[
        `{${text},x}`,
        `{x,{y,${text}}}`,
        `${head}{${unit},z}${tail}`,
        `${head}${inClass}${tail}`,
      ],
      ...[`${head}[!x]${tail}`, `${head}[a-c]${tail}`, `${head}*${tail}`, text.toUpperCase()],
      ...[text.toLowerCase(), text.normalize("NFC"), text.normalize("NFD")],
    );
  });
}

function globOf(whole: string): fc.Arbitrary<string> {
  const parts = fc.tuple(...whole.split("/").map(segmentGlob));
  return fc.tuple(parts, fc.nat(4), fc.nat(5)).map(([segments, at, kind]) => {
    const head = segments.slice(0, Math.max(1, at));
    if (kind === 0) return [...segments.slice(0, at), "**"].join("/");
    if (kind === 1) return head.join("/");
    if (kind === 2) return [...segments.slice(0, at), "**", ...segments.slice(at)].join("/");
    if (kind === 3) return `./${segments.join("/")}`;
    return kind === 4 ? `${head.join("/")}/` : segments.join("/");
  });
}

const pathWithGlobs = path
  .chain((whole) => fc.tuple(fc.constant(whole), globOf(whole), globOf(whole)))
  .filter(([, a, b]) => globTrouble(a) === null && globTrouble(b) === null);

const claim = (...globs: string[]) => compileClaim(globs, []);
const meet = (a: string, b: string): boolean[] => [
  overlap(claim(a), claim(b)) !== null,
  overlap(claim(b), claim(a)) !== null,
];

describe("two globs", () => {
  test("meet in both orders whenever both cover a path", () => {
    let covered = 0;
    fc.assert(
      fc.property(pathWithGlobs, ([whole, a, b]) => {
        const both = matches(claim(a), whole) && matches(claim(b), whole);
        covered += both ? 1 : 0;
        expect([a, b, ...meet(a, b)]).toEqual([a, b, ...(both ? [true, true] : meet(b, a))]);
      }),
      runs,
    );
    expect(covered).toBeGreaterThan(runs.numRuns / 4);
  });

  test("meet whenever picomatch says that both name a path", () => {
    let named = 0;
    const options = { dot: true, posix: true, nocase: true, noextglob: true, nonegate: true };
    const names = (glob: string, whole: string): boolean =>
      picomatch(glob.replace(/^\.\//, "").normalize("NFC"), options)(whole.normalize("NFC"));
    const foreign = /[()+@]|\[.*\[|\].*\]/;
    fc.assert(
      fc.property(pathWithGlobs, ([whole, a, b]) => {
        if (foreign.test(a) || foreign.test(b)) return;
        if (!names(a, whole) || !names(b, whole)) return;
        named += 1;
        expect([a, b, ...meet(a, b)]).toEqual([a, b, true, true]);
      }),
      runs,
    );
    expect(named).toBeGreaterThan(runs.numRuns / 20);
  });

  test("are kept apart by no negation", () => {
    fc.assert(
      fc.property(pathWithGlobs, globOf("a/b.ts"), ([, a, b], c) => {
        fc.pre(globTrouble(c) === null);
        const without = overlap(claim(a), claim(b)) !== null;
        expect([a, b, c, overlap(claim(a, `!${c}`), claim(b)) !== null]).toEqual([
          a,
          b,
          c,
          without,
        ]);
      }),
      { ...runs, numRuns: 2_000 },
    );
  });

  test("never meet when all of one is shared", () => {
    fc.assert(
      fc.property(pathWithGlobs, ([, a, b]) => {
        fc.pre(!a.startsWith("!"));
        const shared = compileClaim([a], [a]);
        expect([overlap(shared, claim(b)), overlap(claim(b), shared)]).toEqual([null, null]);
      }),
      { ...runs, numRuns: 2_000 },
    );
  });
});

describe("a glob made of a path", () => {
  test("names that path and what may lie below it, and no other", () => {
    const wild = fc.constantFrom("*", "?", "**", "{a,b}", "[a]", "!a", "[!b]", ":(literal)a", "\\");
    const hostile = fc
      .array(fc.oneof(segment, wild), { minLength: 1, maxLength: 3 })
      .map((segments) => segments.join("/"));
    const folded = (text: string): string =>
      [...text.normalize("NFC").toUpperCase().toLowerCase().normalize("NFC")].join("");
    fc.assert(
      fc.property(hostile, hostile, (one, other) => {
        const own = claim(globOfPath(one));
        const [a, b] = [`${folded(one)}/`, `${folded(other)}/`];
        fc.pre(!/[\u0130\u0131\u00df\u017f\u212a]/.test(one + other));
        expect([one, matches(own, one), matches(own, `${one}/x`)]).toEqual([one, true, true]);
        expect([one, other, matches(own, other)]).toEqual([one, other, b.startsWith(a)]);
        const clash = overlap(own, claim(globOfPath(other))) !== null;
        expect([one, other, clash]).toEqual([one, other, a.startsWith(b) || b.startsWith(a)]);
      }),
      runs,
    );
  });

  test("meets the globs that cover the path", () => {
    fc.assert(
      fc.property(pathWithGlobs, ([whole, a]) => {
        fc.pre(matches(claim(a), whole));
        expect([whole, a, ...meet(globOfPath(whole), a)]).toEqual([whole, a, true, true]);
      }),
      { ...runs, numRuns: 3_000 },
    );
  });

  test.each(["src/a.ts", "app/[slug]/x*.ts", "!a", ":(literal)a"])(
    "may stand in a plan: %s",
    (at) => {
      expect(globTrouble(globOfPath(at))).toBeNull();
    },
  );

  test.each([
    ["src/a.ts", "src/a.ts"],
    ["app/[slug]/page.tsx", ":(literal)app/[slug]/page.tsx"],
    ["app/(shop)/page.tsx", "app/(shop)/page.tsx"],
    ["!a", ":(literal)!a"],
  ])("of %s is %s", (at, glob) => {
    expect(globOfPath(at)).toBe(glob);
  });
});

describe("names of directories that look like files", () => {
  test.each([
    ["App.xcodeproj", "**/*.pbxproj"],
    ["conf.d", "*/*.conf"],
    ["site.next", "**/a.js"],
  ])("%s and %s meet", (a, b) => {
    expect(meet(a, b)).toEqual([true, true]);
  });
});
