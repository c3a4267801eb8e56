import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { eventsOf, type TestRepository, testRepository } from "../../support/repository.ts";
import { keptRun } from "./kept-runs.ts";

const check = "echo ran >> $GATES/checks";

function checksRun({ top }: TestRepository): number {
  return readFileSync(join(top, "gates/checks"), "utf8").trim().split("\n").length;
}

test("a landing does not run a check again on the tree that passed it, and says so", async () => {
  const repository = testRepository();
  const run = await keptRun(repository, { verify: check });
  repository.git("checkout", "--quiet", "--", "README.md");
  const before = checksRun(repository);

  const landed = await repository.ra("land", run);

  expect([landed.code, checksRun(repository)]).toEqual([0, before]);
  expect(landed.stderr).toMatch(
    /`echo ran.*` passed on this very tree at 20.* and was not run again/,
  );
  const passes = eventsOf(await repository.ra("logs", run, "--json"), "check.passed");
  expect(repository.git("rev-parse", "main^{tree}")).toBe(passes.at(-1)?.tree ?? "");
});

test("a landing runs a check that is asked for again, and one of another tree", async () => {
  const repository = testRepository();
  const run = await keptRun(repository, { verify: check });
  repository.git("checkout", "--quiet", "--", "README.md");
  const before = checksRun(repository);

  const rechecked = await repository.ra("land", run, "--recheck");
  const afterFirst = checksRun(repository);
  const second = testRepository();
  const other = await keptRun(second, { verify: check });
  second.git("checkout", "--quiet", "--", "README.md");
  second.commit({ "user.txt": "user\n" }, "of the user");
  const beforeOther = checksRun(second);
  const landed = await second.ra("land", other);

  expect([rechecked.code, afterFirst]).toEqual([0, before + 1]);
  expect(rechecked.stderr).not.toContain("not run again");
  expect([landed.code, checksRun(second)]).toEqual([0, beforeOther + 1]);
});
