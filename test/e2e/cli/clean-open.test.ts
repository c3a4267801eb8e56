import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { killWithWarden } from "../../support/keepers.ts";
import { ending, type TestRepository, testRepository, until } from "../../support/repository.ts";
import { conflictRun } from "../git/kept-runs.ts";
import { cleanJson, refsOf } from "./clean-list.ts";

describe("a run that has not ended", () => {
  test("is left alone while it is at work, by name as well", async () => {
    const repository = testRepository();
    const plan = repository.plan([
      { id: "one", run: "echo 1 > one.txt" },
      { id: "two", deps: ["one"], run: `${repository.hold("two")}; echo 2 > two.txt` },
    ]);
    const dispatch = await repository.start("dispatch", plan, "--json");
    await repository.arrival("two");
    const run = JSON.parse((await repository.ra("ps", "--json")).stdout).runs[0].id;
    const refs = refsOf(repository, run);

    const all = await cleanJson(repository, "--yes");
    const named = await repository.ra("clean", run, "--yes");
    const after = refsOf(repository, run);
    repository.open("two");
    const result = await dispatch.ended;

    expect(all.items.filter(({ goes }) => goes)).toEqual([]);
    expect(all.items.length).toBeGreaterThan(0);
    expect([named.code, named.stderr]).toEqual([6, expect.stringContaining("RUN_DRIVEN")]);
    expect(after).toEqual(refs);
    expect([result.code, repository.git("show", "main:two.txt")]).toEqual([0, "2"]);
  });

  test("stays for `ra resume` after a kill, and goes as a whole when it is named", async () => {
    const repository = testRepository();
    const plan = repository.plan([
      { id: "one", run: "echo 1 > one.txt" },
      {
        ...{ id: "two", deps: ["one"], isolation: "worktree" },
        run: `${repository.hold("two")}; echo 2 > two.txt`,
      },
    ]);
    const dispatch = await repository.start("dispatch", plan, "--json");
    await repository.arrival("two");
    const run = JSON.parse((await repository.ra("ps", "--json")).stdout).runs[0].id;
    await killWithWarden(dispatch);
    const atWork = await repository.ra("clean", run, "--yes");
    repository.open("two");
    await until(() => repository.living().length === 0, "the task to end");

    const all = await cleanJson(repository, "--yes");
    const one = await repository.ra("clean", `${run}/one`, "--yes");
    const left = refsOf(repository, run);
    const linked = repository.git("worktree", "list").split("\n");
    const named = await repository.ra("clean", run, "--yes");

    expect([atWork.code, atWork.stderr]).toEqual([6, expect.stringContaining("RUN_AT_WORK")]);
    expect(all.items.filter(({ goes, run: of }) => goes && of === run)).toEqual([]);
    expect(one.code).toBe(2);
    expect(left.length).toBeGreaterThan(0);
    expect([named.code, linked.length]).toEqual([0, 2]);
    expect(refsOf(repository, run)).toEqual([]);
    expect(repository.git("worktree", "list").split("\n")).toHaveLength(1);
    expect((await repository.ra("clean")).stdout).toBe("nothing is left over\n");
    const shown = JSON.parse((await repository.ra("show", run, "--json")).stdout);
    expect([shown.status, shown.exitCode]).toEqual(["interrupted", 130]);
  });
});

test("a clean-up that was cut off is finished by the next", async () => {
  const repository = testRepository();
  const run = ending(await conflictRun(repository)).run;
  const ref = `refs/ra/${run}/theirs/1`;
  const commit = repository.git("rev-parse", ref);
  await repository.ra("clean", `${run}/theirs`, "--yes");
  // As if it had been killed behind its fact and before the refs went.
  repository.git("update-ref", ref, commit);

  const next = await cleanJson(repository, "--yes");

  expect(next.items.find(({ names }) => (names as string[]).includes(ref))?.reason).toBe(
    "it was discarded before",
  );
  expect(refsOf(repository, run)).not.toContain(ref);
});

test("a clean-up that is killed half-way loses nothing that stays, and tells of all that went", async () => {
  const repository = testRepository();
  const kept = ending(await conflictRun(repository)).run;
  const ref = `refs/ra/${kept}/theirs/1`;
  const commit = repository.git("rev-parse", ref);
  const plan = repository.plan([{ id: "one", run: "date +%N > one.txt" }]);
  const runs: string[] = [];
  for (let i = 0; i < 6; i++) {
    runs.push(ending(await repository.ra("dispatch", plan, "--json")).run);
  }

  for (const run of runs) {
    const clean = await repository.start("clean", run, "--yes");
    // The registry is the first thing that a clean-up changes, the refs of the run the last.
    await until(() => hasEnded(clean.pid) || isCleaning(repository, run), "the clean-up to begin");
    clean.signal("SIGKILL");
    await clean.ended;
    const shown = JSON.parse((await repository.ra("show", `${run}/one`, "--json")).stdout);
    const isWhole = refsOf(repository, run).includes(`refs/ra/${run}/one/1`);
    expect([run, isWhole || shown.discarded !== null]).toEqual([run, true]);
  }
  const last = await repository.ra("clean", "--yes");

  expect(last.code).toBe(0);
  expect(runs.flatMap((run) => refsOf(repository, run))).toEqual([]);
  expect(repository.git("rev-parse", ref)).toBe(commit);
});

function hasEnded(pid: number): boolean {
  return !existsSync(`/proc/${pid}`);
}

/** True once something of a run has gone. */
function isCleaning({ dir }: TestRepository, run: string): boolean {
  return !existsSync(join(dir, ".git/ra/runs", run, "one"));
}
