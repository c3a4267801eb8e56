import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { logExcerpt } from "../../cli/serve/log-excerpt.ts";
import { attemptStarted, samplePlan, started } from "../registry/sample.ts";
import { openRegistry } from "../registry/temporary.ts";
import { temporaryDirectory } from "../support/leftovers.ts";

test("of a long log the end is passed on, clean, and each log under its name", async () => {
  const logs = temporaryDirectory("ra-logs");
  const registry = await openRegistry(temporaryDirectory("ra-registry"));
  const facts = [started(samplePlan(["a", "b", "c"])), attemptStarted("a"), attemptStarted("b")];
  await registry.commit("r1", () => facts);
  const state = await registry.state("r1");
  for (const task of ["a", "b"]) mkdirSync(join(logs, task));
  const lines = Array.from({ length: 200_000 }, (_, i) => `line ${i}\n`).join("");
  writeFileSync(join(logs, "a", "1.log"), lines);
  writeFileSync(join(logs, "b", "1.log"), "\u001b[31mred\u001b[0m\u202e");

  const all = logExcerpt(state!, null, logs);
  const one = logExcerpt(state!, "b", logs);

  expect(all).toStartWith("== a\n[only the end]\nline 1");
  expect(all).toEndWith("line 199999\n\n== b\nred\n");
  expect(all.length).toBeLessThan(513 * 1_024);
  expect(one).toBe("== b\nred\n");
  expect(logExcerpt(state!, "c", logs)).toBe("");
});
