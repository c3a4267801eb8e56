import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import picomatch from "picomatch";
import { compileClaim, matches, overlap } from "../../core/plan/claim.ts";

function clash(
  a: string | readonly string[],
  b: string | readonly string[],
  shared: string[] = [],
) {
  return overlap(compileClaim([a].flat(), shared), compileClaim([b].flat(), shared)) !== null;
}

describe("two claims", () => {
  test.each([
    ["src/api/*.py", "src/*/handler.py"],
    ["a/**", "a/b"],
    ["src", "src/a/b.ts"],
    ["src/", "src/a.ts"],
    ["./src/a.ts", "src//a.ts"],
    ["**", "README.md"],
    ["**/*.ts", "src/a.ts"],
    ["src/**/test/*.ts", "src/a/**/x.ts"],
    ["SRC/a.ts", "src/A.ts"],
    ["caf\u00e9", "cafe\u0301/x"],
    ["src/{api,ui}/**", "src/ui/a.ts"],
    ["a?c", "abc"],
    ["[a-c]x", "bx"],
    ["[!a]x", "bx"],
    ["app/[slug]/page.tsx", "app/[slug]/**"],
    ["app/[slug]/page.tsx", "app/*slug*/page.tsx"],
    ["app/(shop)/page.tsx", "app/(shop)"],
    ["packages/*", "packages/ui/src/a.ts"],
    ["{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}", "anything"],
    ["a*b*c", "axxbyyc"],
    ["*a", "b*"],
  ])("%s and %s meet", (a, b) => {
    expect(clash(a, b)).toBe(true);
    expect(clash(b, a)).toBe(true);
  });

  test.each([
    ["*.ts", "*.js"],
    ["src/*.ts", "src/*.js"],
    ["**/*.ts", "**/*.js"],
    ["**/*.md", "src/app.ts"],
    ["src/api/**", "src/ui/**"],
    ["src", "srcs/a.ts"],
    ["src/a.ts", "src/b.ts"],
    ["src/{api,ui}/**", "src/db/**"],
    ["a?c", "ac"],
    ["[a-c]x", "dx"],
    ["[!a]x", "ax"],
    ["app/[slug]/a.ts", "app/other/a.ts"],
    ["app/(shop)/page.tsx", "app/shop/page.tsx"],
    ["src/*/a.ts", "src/a.ts"],
  ])("%s and %s stay apart", (a, b) => {
    expect(clash(a, b)).toBe(false);
    expect(clash(b, a)).toBe(false);
  });

  test("name the first two globs that meet", () => {
    const mine = compileClaim(["docs/**", "src/api/**"], []);
    const theirs = compileClaim(["test/**", "src/**"], []);

    expect(overlap(mine, theirs)).toEqual({ mine: "src/api/**", theirs: "src/**" });
  });

  test("stay apart when one claims nothing", () => {
    expect(clash([], "**")).toBe(false);
  });

  test("are not kept apart by a negation", () => {
    expect(clash(["src/**", "!src/api/**"], "src/api/a.ts")).toBe(true);
  });

  test("meet when one of them claims all but a part", () => {
    expect(clash(["!docs/**"], "src/a.ts")).toBe(true);
  });

  test("never meet in what is shared", () => {
    const shared = ["bun.lock", "gen/**", "*.snap"];

    expect(clash("bun.lock", "**", shared)).toBe(false);
    expect(clash("gen/a/b.ts", "gen", shared)).toBe(false);
    expect(clash("a.snap", "a.snap", shared)).toBe(false);
    expect(clash("src/bun.lock", "src/bun.lock", shared)).toBe(true);
    expect(clash("general/**", "general/a", shared)).toBe(true);
  });

  test("meet whenever both name a path", () => {
    fc.assert(
      fc.property(pathWithTwoGlobs, ([path, a, b]) => {
        const names = (glob: string) => picomatch(glob, { dot: true, posix: true })(path);
        fc.pre(names(a) && names(b));
        expect([a, b, clash(a, b), clash(b, a)]).toEqual([a, b, true, true]);
      }),
      { numRuns: 3000 },
    );
  });

  test("meet whenever both cover a path", () => {
    fc.assert(
      fc.property(pathWithTwoGlobs, ([path, a, b]) => {
        const covers = (glob: string) => matches(compileClaim([glob], []), path);
        fc.pre(covers(a) && covers(b));
        expect([a, b, clash(a, b), clash(b, a)]).toEqual([a, b, true, true]);
      }),
      { numRuns: 3000 },
    );
  });
});

/** Ways to write a path segment in a glob; not all of them name it. */
function segmentGlob(segment: string): fc.Arbitrary<string> {
  const first = segment[0]!;
  const rest = segment.slice(1);
  return fc.constantFrom(
    ...[segment, segment, "*", "**", `${first}*`, `*${segment.at(-1)}`, `?${rest}`, `[a-c]${rest}`],
    ...[
      `[!x]${rest}`,
      `[!${first}]${rest}`,
      `{x,${segment}}`,
      `{${first},x}${rest}`,
      "*.ts",
      "**x",
    ],
  );
}

function globOf(segments: readonly string[]): fc.Arbitrary<string> {
  const whole = fc.tuple(...segments.map(segmentGlob));
  // Left out parts at the end make a folder's claim, left out parts behind `**` are what it stands for.
  return fc.tuple(whole, fc.nat(segments.length), fc.nat(2)).map(([parts, at, kind]) => {
    const kept =
      kind === 0 ? [...parts.slice(0, at), "**"] : kind === 1 ? parts.slice(0, at) : parts;
    return kept.join("/") || "**";
  });
}

const pathWithTwoGlobs = fc
  .tuple(
    fc.array(fc.stringMatching(/^[abc]{1,2}$/), { minLength: 1, maxLength: 4 }),
    fc.constantFrom("", ".ts"),
  )
  .chain(([folders, ending]) => {
    const segments = [...folders.slice(0, -1), folders.at(-1)! + ending];
    return fc.tuple(fc.constant(segments.join("/")), globOf(segments), globOf(segments));
  });

describe("a claim", () => {
  test.each([
    ["src", "src/deep/a.ts"],
    ["src/**", "src/.hidden/a.ts"],
    ["*.ts", "a.TS"],
    ["app/[slug]/page.tsx", "app/[slug]/page.tsx"],
    ["app/(shop)/a.ts", "app/(shop)/a.ts"],
    ["a+b/c.ts", "a+b/c.ts"],
    ["v1.2", "v1.2/notes.md"],
    ["src/", "src/a.ts"],
    ["caf\u00e9", "cafe\u0301"],
  ])("of %s covers %s", (glob, path) => {
    expect(matches(compileClaim([glob], []), path)).toBe(true);
  });

  test.each([
    ["src", "srcs/a.ts"],
    ["*.ts", "src/a.ts"],
    ["src/*", "src/deep/a.ts"],
    ["app/(shop)/a.ts", "app/shop/a.ts"],
    ["a.ts", "axts"],
  ])("of %s leaves %s out", (glob, path) => {
    expect(matches(compileClaim([glob], []), path)).toBe(false);
  });

  test("leaves out what it negates and takes in what is shared", () => {
    const claim = compileClaim(["src/**", "!src/gen/**"], ["bun.lock"]);

    expect(
      ["src/a.ts", "src/gen/a.ts", "bun.lock", "docs/a.md"].map((at) => matches(claim, at)),
    ).toEqual([true, false, true, false]);
  });

  test("of nothing covers nothing", () => {
    expect(matches(compileClaim([], []), "a")).toBe(false);
  });
});
