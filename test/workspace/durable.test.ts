import { expect, test } from "bun:test";
import { linkSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { copyIndex } from "../../core/workspace/durable.ts";
import { temporaryDirectory } from "../support/leftovers.ts";

test("an index is copied beside the one that is there and takes its place as a whole", async () => {
  const dir = temporaryDirectory();
  const [from, to, held] = ["from", "to", "held"].map((name) => join(dir, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(from, "new");
  utimesSync(from, 1_000, 1_000);
  writeFileSync(to, "old");
  linkSync(to, held);

  await copyIndex(from, to);

  // Whoever opened it before, or died over it, has all of the old one.
  expect(readFileSync(held, "utf8")).toBe("old");
  expect([readFileSync(to, "utf8"), statSync(to).mtimeMs]).toEqual(["new", 1_000_000]);
  expect(readdirSync(dir).sort()).toEqual(["from", "held", "to"]);
});
