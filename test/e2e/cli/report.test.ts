import { expect, test } from "bun:test";
import * as v from "valibot";
import { eventSchema } from "../../../core/run/event-schema.ts";
import { ending, events, testRepository } from "../../support/repository.ts";

const mixed = [
  { id: "schema", description: "Add the cart table", run: "echo 1 > schema.txt" },
  { id: "long-winded-name", run: "true" },
  { id: "lint", deps: ["schema"], run: "echo 'src/x.ts:1 bad' >&2; exit 3" },
  { id: "e2e", deps: ["lint"], run: "true" },
  { id: "docs", deps: ["e2e"], run: "true" },
];

test("tells each task's end once, counted, in columns, and the next command last", async () => {
  const repository = testRepository();
  const plan = repository.plan(mixed, { name: "checkout rewrite", concurrency: 1 });

  const { code, stdout, stderr } = await repository.ra("dispatch", plan);

  const told = stderr.split("\n");
  const ends = told.filter((line) => / (done|failed|skipped) +\(/.test(line));
  expect([code, stdout]).toEqual([1, ""]);
  expect(ends.map((line) => /\(\d\/5\)/.exec(line)?.[0])).toEqual(
    [1, 2, 3, 4, 5].map((n) => `(${n}/5)`),
  );
  expect(new Set(ends.map((line) => line.indexOf("("))).size).toBe(1);
  expect(stderr).toMatch(/start +shell {2}Add the cart table\n/);
  expect(stderr).toMatch(/lint +failed +\(\d\/5\) \d+\.\ds exit 3: src\/x\.ts:1 bad\n/);
  expect(stderr).toMatch(/long-winded-name +done +\(\d\/5\) \d+\.\ds no change\n/);
  expect(stderr).toMatch(/\n {2}skipped {2}e2e {2}docs because of lint\n/);
  expect(told.at(-2)).toMatch(/^ra: result=failed exit=1 run=(\w+) next="ra why \1"$/);
});

test("stays short with many tasks", async () => {
  const repository = testRepository(null);
  const ids = Array.from({ length: 30 }, (_, i) => `t${i}`);
  const work = ids.map((id, i) => ({ id, run: i % 2 === 0 ? "true" : "exit 1" }));
  const plan = repository.plan(work, { concurrency: 8, defaults: { isolation: "none" } });

  const { stderr } = await repository.ra("dispatch", plan);

  const block = stderr.split("\n\n")[1]?.split("\n") ?? [];
  expect(block).toContain("  done     15 tasks");
  expect(block).toContain("           and 5 more");
  expect(block.length).toBeLessThan(20);
});

test("prints with --json only events of the schema, in order, the end of the run last", async () => {
  const repository = testRepository();

  const result = await repository.ra("dispatch", repository.plan(mixed), "--json");
  const again = await repository.ra("logs", "@last", "--json");

  const all = events(result);
  const wrong = all.filter((event) => !v.is(eventSchema, event));
  expect(wrong).toEqual([]);
  expect(all.every((event, i) => i === 0 || event.seq > (all[i - 1]?.seq ?? 0))).toBe(true);
  expect(all[0]?.type).toBe("run.started");
  expect(all.at(-1)).toBe(all.findLast(({ type }) => type === "run.finished"));
  expect(ending(result)).toMatchObject({ status: "failed", exitCode: 1 });
  expect(
    ending(result).tasks.map(({ id, status, attempts, because }) => [
      id,
      status,
      attempts,
      because,
    ]),
  ).toEqual([
    ["schema", "done", 1, undefined],
    ["long-winded-name", "done", 1, undefined],
    ["lint", "error", 1, undefined],
    ["e2e", "skipped", 0, "lint"],
    ["docs", "skipped", 0, "lint"],
  ]);
  expect(result.stderr).toBe("");
  expect(again.stdout).toBe(result.stdout);
});
