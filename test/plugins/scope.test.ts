import { expect, test } from "bun:test";
import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ignoredIn, outsideOf, type Scope } from "../../core/plugin/index.ts";
import { verdictOn } from "../../core/plugin/permission.ts";
import type { Job } from "../../core/plugin/runner.ts";
import { temporaryDirectory } from "../support/leftovers.ts";

function tree(...paths: readonly string[]): string {
  const root = realpathSync(temporaryDirectory("tree"));
  for (const path of paths) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), "x");
  }
  return root;
}

/** A scope whose own word on a path is not needed. */
const scope = (...claimed: readonly string[]): Scope => ({ claimed, covers: () => false });

const outside = (root: string, ...claimed: readonly string[]): readonly string[] =>
  outsideOf(root, scope(...claimed))
    .map((path) => path.slice(root.length + 1))
    .sort();

test("what lies outside of a scope is named as high up as it can be", () => {
  const root = tree("src/a/x.ts", "src/b/y.ts", "src/z.md", "docs/d.md", "top.md", ".git/config");

  expect(outside(root, "src/a/**")).toEqual(["docs", "src/b", "src/z.md", "top.md"]);
  expect(outside(root, "src/*/x.ts", "top.md")).toEqual(["docs", "src/b/y.ts", "src/z.md"]);
  expect(outside(root, "**/*.md")).toEqual(["src/a/x.ts", "src/b/y.ts"]);
  expect(outside(root, "SRC/**", "docs/**/d.md")).toEqual(["top.md"]);
  expect(outside(root, "**")).toEqual([]);
});

test("the plan's own word on a path goes before a pattern", () => {
  const root = tree("src/a.ts", "top.md");

  const found = outsideOf(root, { claimed: ["src/**"], covers: (path) => path === "top.md" });

  expect(found).toEqual([]);
});

test("what git ignores by a plain name is nobody's to protect", () => {
  const root = tree("node_modules/x/i.js", "a/dist/o.js", "a/b.log", "out/x", "keep/x", "a/c.ts");
  writeFileSync(
    join(root, ".gitignore"),
    "# no\nnode_modules/\ndist\n*.log\n/out\n!keep\n\\#odd\n",
  );

  expect(outside(root, "src/**")).toEqual([".gitignore", "a", "keep"]);
  expect(outside(root, "a/c.ts")).toEqual([".gitignore", "keep"]);
  expect(ignoredIn(root)).toContain("**/dist/**");
  expect(ignoredIn(join(root, "a"))).toEqual([]);
});

test("a link is left out, as it may lead into the scope", () => {
  const root = tree("src/a.ts", "docs/d.md");
  symlinkSync("src", join(root, "alias"));

  expect(outside(root, "src/**")).toEqual(["docs"]);
});

test("a huge tree is named in part", () => {
  const root = tree(...Array.from({ length: 450 }, (_, index) => `f${index}.txt`));

  expect(outside(root, "src/**")).toHaveLength(400);
});

test("an agent that asks is refused what its scope does not cover, and asks a person beyond the workspace", () => {
  const root = tree(".gitignore");
  writeFileSync(join(root, ".gitignore"), "dist\n");
  const covers = (path: string): boolean => path.startsWith("src/");
  const bound = { cwd: root, scope: { claimed: ["src/**"], covers } } as unknown as Job;
  const verdict = (kind: string, ...paths: readonly string[]) => verdictOn(bound, { kind, paths });

  expect(verdict("edit", "src/a.ts", join(root, "src/b.ts"))).toBe("allow");
  expect(verdict("edit", "src/a.ts", "docs/a.md")).toBe("refuse");
  expect(verdict("delete", "src/../docs/a.md")).toBe("refuse");
  expect(verdict("edit", "dist/a.js")).toBe("allow");
  expect(verdict("read", "docs/a.md")).toBe("allow");
  expect(verdict("execute")).toBe("allow");
  expect(verdict("edit", "../a.ts")).toBe("ask");
  expect(verdict("fetch")).toBe("ask");
  expect(verdictOn({ ...bound, scope: null }, { kind: "edit", paths: ["docs/a.md"] })).toBe(
    "allow",
  );
});
