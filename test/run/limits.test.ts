import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isNear, limits } from "../../core/limits.ts";
import { root } from "../support/program.ts";

/** A limit as the page for people writes it. */
function written(name: string, value: number): string {
  if (!name.includes("Bytes")) return value.toLocaleString("en-US");
  return value < 1024 ** 3 ? `${value / 1024 ** 2} MB` : `${value / 1024 ** 3} GB`;
}

test("the page for people tells every limit, in its order, and no other", () => {
  const page = readFileSync(join(root, "docs/limits.md"), "utf8");

  const told = [...page.matchAll(/^\| .+? \| ([0-9,]+(?: [MG]B)?) \| .+ \|$/gm)].map(
    ([, most]) => most,
  );

  expect(told).toEqual(Object.entries(limits).map(([name, value]) => written(name, value)));
});

test("four fifths of a limit are near it", () => {
  expect([799, 800, 2_000].map((count) => isNear(count, 1_000))).toEqual([false, true, true]);
});
