import { expect, test } from "bun:test";
import fc from "fast-check";
import picomatch from "picomatch";
import { compileClaim, matches } from "../../core/plan/claim.ts";
import { globTrouble } from "../../core/plan/glob.ts";
import { plainGlobs } from "../../core/plan/plain-glob.ts";

test("a glob is said without braces, sets and odd letters", () => {
  expect(plainGlobs("src/{api,web}/*.ts")).toEqual(["src/api/*.ts", "src/web/*.ts"]);
  expect(plainGlobs("db/")).toEqual(["db", "db/**"]);
  expect(plainGlobs("README.md")).toEqual(["README.md", "README.md/**"]);
  expect(plainGlobs("app/(shop)/[slug]/page.tsx")).toEqual([
    "app/?shop?/*/page.tsx",
    "app/?shop?/*/page.tsx/**",
  ]);
  expect(plainGlobs(":(literal)a*b[1].md")).toEqual(["a?b?1?.md", "a?b?1?.md/**"]);
  expect(plainGlobs("caf\u00e9/**")).toEqual(["caf*", "caf*/**"]);
});

test("it never says less than the plan", () => {
  const unit = fc.constantFrom(
    ..."a b c . - ( ) ! @ \u00e9 e\u0301 [ab] [!a] {a,b} {a,} * ? **".split(" "),
  );
  const segment = fc.array(unit, { minLength: 1, maxLength: 3 }).map((units) => units.join(""));
  const glob = fc.array(segment, { minLength: 1, maxLength: 3 }).map((all) => all.join("/"));
  const letter = fc.constantFrom(..."a b c . - ( ) ! @ \u00e9 [ ]".split(" "));
  const name = fc.array(letter, { minLength: 1, maxLength: 3 }).map((units) => units.join(""));
  const path = fc
    .array(name, { minLength: 1, maxLength: 3 })
    .map((all) => all.join("/"))
    .filter((text) => !/(^|\/)\.+(\/|$)/.test(text));

  fc.assert(
    fc.property(glob, path, (written, named) => {
      fc.pre(globTrouble(written) === null && !written.startsWith("!"));
      fc.pre(matches(compileClaim([written], []), named));
      const plain = plainGlobs(written);
      expect(plain.join("\n")).toMatch(/^[\w.\-/@+=~, *?\n]+$/);
      const options = { dot: true, nocase: true, noextglob: true, posix: true };
      expect(picomatch([...plain], options)(named)).toBe(true);
    }),
    { numRuns: 300, seed: Number(process.env.RA_SEED ?? 20_261_126) },
  );
});
