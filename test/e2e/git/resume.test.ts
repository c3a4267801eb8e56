import { describe, expect, test } from "bun:test";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import {
  ending,
  eventsOf,
  type RaResult,
  statuses,
  type TestRepository,
  testRepository,
  until,
} from "../../support/repository.ts";

/** Lets `first` land and interrupts the run while `second` works. */
async function interrupted(repository: TestRepository, signal: NodeJS.Signals): Promise<RaResult> {
  const { hold } = repository;
  const plan = repository.plan([
    { id: "first", run: "echo one > first.txt; echo one >> log.txt" },
    { id: "second", deps: ["first"], run: `${hold("second")}; echo two >> log.txt` },
    { id: "third", deps: ["second"], run: "echo three >> log.txt" },
  ]);
  const dispatch = await repository.start("dispatch", plan, "--json");
  await repository.arrival("second");
  dispatch.signal(signal);
  if (signal === "SIGINT") repository.open("second");
  return await dispatch.ended;
}

function subjects(repository: TestRepository, range: string): string[] {
  return repository.git("log", "--reverse", "--format=%s", range).split("\n");
}

const all = { first: "done", second: "done", third: "done" };
const commits = ["first", "second", "third"].map((id) => `dispatch: task ${id} — ${id}`);

describe("a resumed run", () => {
  test("lands what a dirty checkout kept back, with the rest, one commit per task", async () => {
    const repository = testRepository({ "log.txt": "zero\n" });
    repository.write({ "log.txt": "mine\n" });

    const broken = await interrupted(repository, "SIGINT");
    const mine = readFileSync(join(repository.dir, "log.txt"), "utf8");
    const before = repository.git("log", "--format=%s", "main");
    repository.git("checkout", "--quiet", "--", "log.txt");
    repository.open("second");
    const resumed = await repository.ra("resume", "@last", "--json");

    expect([broken.code, mine, before]).toEqual([130, "mine\n", "start"]);
    expect(ending(broken).published?.keptOn).toStartWith("ra/");
    expect(statuses(resumed)).toEqual(all);
    expect([resumed.code, resumed.stderr]).toEqual([0, ""]);
    expect(subjects(repository, "main")).toEqual(["start", ...commits]);
    expect(repository.git("show", "main:log.txt")).toBe("zero\none\ntwo\nthree");
    expect(repository.git("status", "--porcelain")).toBe("");
    expect(eventsOf(resumed, "attempt.started").map(({ task }) => task)).toEqual(["third"]);
    const landed = ending(resumed).tasks.map(({ commit }) => commit);
    expect(landed).toEqual(repository.git("log", "--reverse", "--format=%H", "-3").split("\n"));
  });

  test("lands what was merged before ra was killed", async () => {
    const repository = testRepository({ "log.txt": "zero\n" });

    await interrupted(repository, "SIGKILL");
    repository.open("second");
    await until(() => repository.living().length === 0, "the end of the orphan");
    repository.open("second");
    const resumed = await repository.ra("resume", "@last", "--json");

    expect(statuses(resumed)).toEqual(all);
    expect(resumed.code).toBe(0);
    expect(subjects(repository, "main")).toEqual(["start", ...commits]);
    expect(repository.git("show", "main:log.txt")).toBe("zero\none\ntwo\nthree");
  });

  test("is taken over by one of two that try at once; the other is told who drives it", async () => {
    const repository = testRepository({ "log.txt": "zero\n" });
    await interrupted(repository, "SIGKILL");
    repository.open("second");
    await until(() => repository.living().length === 0, "the end of the orphan");

    const both = await Promise.all([1, 2].map(() => repository.start("resume", "@last", "--json")));
    await repository.arrival("second");
    const first = await Promise.race(both.map(({ ended }) => ended));
    repository.open("second");
    const results = await Promise.all(both.map(({ ended }) => ended));

    expect([first.code, first.stdout]).toEqual([6, expect.stringContaining("RUN_DRIVEN")]);
    expect(results.map(({ code }) => code).sort()).toEqual([0, 6]);
    expect(subjects(repository, "main")).toEqual(["start", ...commits]);
  });

  test("that is the only one and still goes on is refused, with or without its name, and its process is named", async () => {
    const repository = testRepository();
    const plan = repository.plan([{ id: "first", run: repository.hold("first") }]);
    const dispatch = await repository.start("dispatch", plan, "--json");
    await repository.arrival("first");

    const refused = [await repository.ra("resume"), await repository.ra("resume", "@last")];
    repository.open("first");
    await dispatch.ended;
    const over = await repository.ra("resume");

    for (const { code, stderr } of refused) {
      expect([code, stderr]).toEqual([6, expect.stringContaining(`process ${dispatch.pid}`)]);
    }
    expect([over.code, over.stderr]).toEqual([2, expect.stringContaining("no run has broken off")]);
  });

  test("does not land again what has reached the target, however the user put it there", async () => {
    const repository = testRepository({ "log.txt": "zero\n" });
    repository.write({ "log.txt": "mine\n" });
    const broken = await interrupted(repository, "SIGINT");
    repository.git("checkout", "--quiet", "--", "log.txt");
    repository.commit({ "other.txt": "of the user\n" }, "of the user");
    repository.git("cherry-pick", `main..${ending(broken).published?.keptOn}`);

    const resumed = await repository.ra("resume", "@last", "--json");

    expect(statuses(resumed)).toEqual(all);
    expect(subjects(repository, "main")).toEqual(["start", "of the user", ...commits]);
  });

  test("starts nothing when what landed before conflicts with the target, and says where it is", async () => {
    const repository = testRepository({ "log.txt": "zero\n" });
    repository.write({ "log.txt": "mine\n" });
    await interrupted(repository, "SIGINT");
    repository.git("commit", "--quiet", "--all", "--message", "of the user");

    const resumed = await repository.ra("resume", "@last", "--json");
    const { published } = ending(resumed);

    expect(resumed.code).toBe(7);
    expect(eventsOf(resumed, "attempt.started")).toEqual([]);
    expect(published?.reason).toContain("first, which landed before the run broke off, conflicts");
    expect(repository.git("show", `${published?.keptOn}:log.txt`)).toBe("zero\none\ntwo");
    expect(repository.git("log", "--format=%s", "main")).toBe("of the user\nstart");
  });
});

test("a run whose kept work is damaged comes to an end that says so, with what it built on its branch", async () => {
  const repository = testRepository({ "log.txt": "zero\n" });
  repository.write({ "log.txt": "mine\n" });
  const broken = await interrupted(repository, "SIGINT");
  const { run } = ending(broken);
  repository.git("checkout", "--quiet", "--", "log.txt");
  const kept = repository.git("rev-parse", `refs/ra/${run}/first/1`);
  rmSync(join(repository.dir, ".git", "objects", kept.slice(0, 2), kept.slice(2)));

  const resumed = await repository.ra("resume", "@last", "--json");
  const { published } = ending(resumed);

  expect(resumed.code).toBe(7);
  expect(published?.reason).toContain("cannot be merged again");
  expect(repository.git("show", `${published?.keptOn}:log.txt`)).toBe("zero\none\ntwo");
});

test("a run whose work a dirty checkout kept back lands it when it is resumed", async () => {
  const repository = testRepository({ "log.txt": "zero\n" });
  repository.write({ "log.txt": "mine\n" });
  const plan = repository.plan([{ id: "only", run: "echo one | tee new.txt > log.txt" }]);
  const first = await repository.ra("dispatch", plan, "--json");
  repository.git("checkout", "--quiet", "--", "log.txt");

  const resumed = await repository.ra("resume", "@last", "--json");

  expect([first.code, resumed.code]).toEqual([7, 0]);
  expect(repository.git("show", "main:new.txt")).toBe("one");
});
