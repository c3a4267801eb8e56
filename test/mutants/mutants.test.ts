import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../support/program.ts";
import { mutants } from "./mutants.ts";

test("every planted bug has its place: its text stands exactly once", () => {
  const lost = mutants.filter(({ file, text }) => {
    const parts = readFileSync(join(root, file), "utf8").split(text);
    return parts.length !== 2;
  });

  expect(lost.map(({ name }) => name)).toEqual([]);
  expect(mutants.length).toBeGreaterThanOrEqual(20);
});

test("every planted bug changes something, and the tests that are to catch it exist", () => {
  const idle = mutants.filter(({ text, replacement }) => text === replacement);
  const missing = mutants
    .flatMap(({ tests }) => tests ?? [])
    .filter((path) => !existsSync(join(root, path)));

  expect(idle.map(({ name }) => name)).toEqual([]);
  expect(missing).toEqual([]);
});
