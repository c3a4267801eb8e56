import { expect, test } from "bun:test";
import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  ending,
  events,
  type TestRepository,
  testRepository,
  until,
} from "../../support/repository.ts";
import { refsOf } from "../cli/clean-list.ts";
import { keptRun, subjects } from "./kept-runs.ts";

/** A run that waits to land, and whose check waits at a gate once the test says so. */
async function waiting(repository: TestRepository): Promise<string> {
  const check = `if [ -e $GATES/slow ]; then ${repository.hold("check")}; fi`;
  const run = await keptRun(repository, { verify: check });
  repository.git("checkout", "--quiet", "--", "README.md");
  // Another tree than the one that was checked.
  repository.commit({ "user.txt": "user\n" }, "of the user");
  writeFileSync(join(repository.top, "gates/slow"), "");
  return run;
}

test("a run that is being landed is nobody else's, and is told to whoever asks for it", async () => {
  const repository = testRepository();
  const run = await waiting(repository);
  const land = await repository.start("land", run);
  await repository.arrival("check");
  const refs = refsOf(repository, run);

  const refused = [
    await repository.ra("land", run),
    await repository.ra("rollback", run),
    await repository.ra("resume", run),
    await repository.ra("clean", run, "--yes"),
  ];
  const all = await repository.ra("clean", "--yes", "--json");
  // A run that starts looks after what dead ones left: the check of a living command is none of that.
  const other = await repository.ra("dispatch", repository.plan([{ id: "o", run: "true" }]));
  repository.open("check");
  const landed = await land.ended;

  for (const { code, stderr } of refused) {
    expect([code, stderr]).toEqual([6, expect.stringContaining("error[RUN_HELD]")]);
    expect(stderr).toContain(`is being landed by process ${land.pid}`);
    expect(stderr).toMatch(/\nfix: .*\n$/);
  }
  const { items } = JSON.parse(all.stdout) as { items: { run: string; goes: boolean }[] };
  expect(items.filter((item) => item.run === run && item.goes)).toEqual([]);
  expect(refs.length).toBeGreaterThan(0);
  expect([other.code, landed.code]).toEqual([0, 0]);
  expect(subjects(repository).slice(-2)).toEqual([
    "dispatch: task one — one",
    "dispatch: task two — two",
  ]);
});

test("a landing that is killed has let go of its run", async () => {
  const repository = testRepository();
  const run = await waiting(repository);
  const land = await repository.start("land", run);
  await repository.arrival("check");

  land.signal("SIGKILL");
  await land.ended;
  repository.open("check");
  await until(() => repository.living().length === 0, "the end of its check");
  const again = await repository.start("land", run);
  await until(() => repository.living().length > 1, "the check to come again");
  repository.open("check");

  expect((await again.ended).code).toBe(0);
});

test("a clean-up holds its run from its first fact to its last", async () => {
  const repository = testRepository();
  const plan = repository.plan([{ id: "one", run: "echo 1 > one.txt; exit 1" }]);
  const { run } = ending(await repository.ra("dispatch", plan, "--json"));

  const cleaned = await repository.ra("clean", run, "--yes");

  expect(cleaned.code).toBe(0);
  const types = events(await repository.ra("logs", run, "--json")).map(({ type }) => type);
  expect(types.slice(-4)).toEqual(["run.finished", "run.held", "run.cleaned", "run.released"]);
});

test("a lock that a killed `ra` left on a ref of its own does not keep a clean-up off it", async () => {
  const repository = testRepository();
  const plan = repository.plan([{ id: "one", run: "echo 1 > one.txt; exit 1" }]);
  const { run } = ending(await repository.ra("dispatch", plan, "--json"));
  const [ref = ""] = refsOf(repository, run);
  const lock = join(repository.dir, ".git", `${ref}.lock`);
  mkdirSync(join(lock, ".."), { recursive: true });
  writeFileSync(lock, "");

  const fresh = await repository.ra("clean", run, "--yes");
  const hour = new Date(Date.now() - 3_600_000);
  utimesSync(lock, hour, hour);
  const stale = await repository.ra("clean", run, "--yes");

  expect(fresh.stderr).toContain(`ra: ${ref} stays`);
  expect([stale.code, stale.stderr]).toEqual([0, expect.not.stringContaining("stays")]);
  expect(refsOf(repository, run)).toEqual([]);
});
