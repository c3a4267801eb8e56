import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { isAlive, processIdentity } from "../../../core/process/table.ts";
import { allRuns } from "../../../core/registry/query.ts";
import { Registry } from "../../../core/registry/registry.ts";
import { killWithWarden } from "../../support/keepers.ts";
import {
  ending,
  eventsOf,
  statuses,
  type TestRepository,
  testRepository,
  until,
} from "../../support/repository.ts";

/** Starts a run of one task that writes half of its work and then waits, and kills the `ra` that drives it. */
async function brokenRun(repository: TestRepository, id = "work"): Promise<void> {
  const run = `echo half > ${id}.part; ${repository.hold(id)}; mv ${id}.part ${id}.txt`;
  const dispatch = await repository.start("dispatch", repository.plan([{ id, run }]), "--json");
  await repository.arrival(id);
  await killWithWarden(dispatch);
}

/** True when nobody is in the middle of a transaction. */
function isWritable(repository: TestRepository): boolean {
  using database = new Database(join(repository.dir, ".git", "ra", "registry.db"));
  try {
    database.run("begin immediate");
    return true;
  } catch {
    return false;
  }
}

test("what a run left that had ended before its ra was killed goes with the next run", async () => {
  const repository = testRepository();
  const first = await repository.ra(
    "dispatch",
    repository.plan([{ id: "one", run: "echo 1 > one.txt" }]),
    "--json",
  );
  const [store = ""] = readdirSync(join(repository.top, "workspaces"));
  const workspaces = join(repository.top, "workspaces", store);
  // As it stands between the last fact of the run and the end of its process.
  for (const path of [join(ending(first).run, "one"), join(".trash", "dead")]) {
    mkdirSync(join(workspaces, path), { recursive: true });
    writeFileSync(join(workspaces, path, "one.txt"), "1\n");
  }

  const quarantine = join(repository.dir, ".git", "ra", "quarantine");
  // No process has so high an id.
  mkdirSync(join(quarantine, "4194305.1.dead"), { recursive: true });

  const next = await repository.ra(
    "dispatch",
    repository.plan([{ id: "two", run: "true" }]),
    "--json",
  );

  expect([first.code, next.code]).toEqual([0, 0]);
  expect([readdirSync(workspaces), readdirSync(quarantine)]).toEqual([[], []]);
});

describe("a run whose ra was killed", () => {
  test("is resumed without its name: what an agent left is kept, and its process ended", async () => {
    const repository = testRepository();
    await brokenRun(repository);
    const orphans = repository.living().map(processIdentity);

    const resume = await repository.start("resume", "--json");
    await until(() => !orphans.some(isAlive), "the end of what the dead ra had started");
    repository.open("work");
    const resumed = await resume.ended;

    const [lost] = eventsOf(resumed, "attempt.finished");
    expect(orphans.length).toBeGreaterThan(0);
    expect([resumed.code, statuses(resumed)]).toEqual([0, { work: "done" }]);
    expect(lost?.outcome).toEqual({ kind: "lost" });
    expect(repository.git("show", `${lost?.kept}:work.part`)).toBe("half");
    expect(repository.git("show", "main:work.txt")).toBe("half");
  });

  test("does not work out again what was done, and only lands it", async () => {
    const repository = testRepository();
    const verify = `test ! -e ${repository.top}/slow || { ${repository.hold("verify")}; }`;
    const plan = repository.plan([{ id: "work", run: "echo done > work.txt", verify }]);
    const slow = join(repository.top, "slow");
    writeFileSync(slow, "");
    const dispatch = await repository.start("dispatch", plan, "--json");
    await repository.arrival("verify");
    dispatch.signal("SIGKILL");
    await dispatch.ended;

    rmSync(slow);
    const resumed = await repository.ra("resume", "--json");

    expect([resumed.code, statuses(resumed)]).toEqual([0, { work: "done" }]);
    expect(eventsOf(resumed, "attempt.started")).toEqual([]);
    expect(resumed.stderr).toContain("1 result to land");
    expect(repository.git("show", "main:work.txt")).toBe("done");
  });

  test("has its processes ended by the next run of another plan, and keeps its work for itself", async () => {
    const repository = testRepository();
    await brokenRun(repository);
    expect(repository.living().length).toBeGreaterThan(0);

    const other = await repository.ra("dispatch", repository.plan([{ id: "b", run: "echo > b" }]));
    const left = repository.living();
    const resume = await repository.start("resume", "--json");
    repository.open("work");
    const resumed = await resume.ended;

    const [lost] = eventsOf(resumed, "attempt.finished");
    expect([other.code, left]).toEqual([0, []]);
    expect(lost?.kept).toMatch(/^[0-9a-f]{40}$/);
    expect(repository.git("show", `${lost?.kept}:work.part`)).toBe("half");
    expect(resumed.code).toBe(0);
  });

  test("has to be named when there are several, and there is nothing to resume without one", async () => {
    const repository = testRepository();
    await repository.ra("dispatch", repository.plan([{ id: "a", run: "echo > a" }]));
    const none = await repository.ra("resume");
    await brokenRun(repository, "one");
    await brokenRun(repository, "two");

    const several = await repository.ra("resume");

    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining("NOTHING_TO_RESUME")]);
    expect([several.code, several.stderr]).toEqual([2, expect.stringContaining("2 runs have")]);
    for (const pid of repository.living()) process.kill(pid, "SIGKILL");
    await until(() => repository.living().length === 0, "the end of the orphans");
  });
});

describe("a run that is driven", () => {
  test("refuses another ra with exit 6 and says who has it, since when and where", async () => {
    const repository = testRepository();
    const plan = repository.plan([{ id: "work", run: repository.hold("work") }]);
    const dispatch = await repository.start("dispatch", plan, "--json");
    await repository.arrival("work");

    const refused = await repository.ra("resume", "@last");
    repository.open("work");
    await dispatch.ended;

    expect(refused.code).toBe(6);
    expect(refused.stderr).toMatch(
      new RegExp(`process ${dispatch.pid} on \`${hostname()}\` since \\d{4}-`),
    );
  });

  test("ends its ra when that was suspended and superseded meanwhile", async () => {
    const repository = testRepository();
    const plan = repository.plan([{ id: "work", run: repository.hold("work") }]);
    const dispatch = await repository.start("dispatch", plan);
    await repository.arrival("work");
    // Stopped in the middle of a transaction it would keep everybody out; once its process is recorded it mostly rests.
    const isRecorded = async (): Promise<boolean> =>
      JSON.parse((await repository.ra("ps", "--json")).stdout).processes.length === 1;
    await until(isRecorded, "the record of its process");
    const isAtRest = (): boolean => {
      dispatch.signal("SIGSTOP");
      if (isWritable(repository)) return true;
      dispatch.signal("SIGCONT");
      return false;
    };
    await until(isAtRest, "a moment in which it does not write");
    const suspended = await repository.ra("resume", "@last");

    const registry = await Registry.open({ stateDir: join(repository.dir, ".git", "ra") });
    const [run = ""] = allRuns(registry.database);
    const owner = { ...processIdentity(process.pid), host: "another" };
    await registry.commit(run, () => [{ type: "run.resumed", owner, epoch: 2 }]);
    dispatch.signal("SIGCONT");
    repository.open("work");
    const ended = await dispatch.ended;
    const log = await registry.read(run, 0);
    await registry.close();

    expect([suspended.code, suspended.stderr]).toEqual([6, expect.stringContaining("kill -CONT")]);
    expect(ended.code).toBe(6);
    expect(ended.stderr).toContain(`was taken over by process ${process.pid} on \`another\``);
    expect(log.at(-1)?.type).toBe("run.resumed");
  });
});
