import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ending, type TestRepository, testRepository } from "../../support/repository.ts";
import { digest } from "../../workspace/fixture.ts";
import { conflictRun, keptRun } from "../git/kept-runs.ts";
import { cleanJson, refsOf } from "./clean-list.ts";
import { enter, openScreen } from "./screen.ts";

/** What a clean-up must never change: the user's files, index, branches and stash. */
function ofTheUser({ dir, git }: TestRepository): readonly string[] {
  return [digest(dir, [".git", ".ra"]), git("for-each-ref", "refs/heads/main", "refs/stash")];
}

/** Everything that a run may leave: refs, logs, workspaces. */
function leavings({ dir, top, git }: TestRepository): readonly string[] {
  const refs = git("for-each-ref", "refs/ra", "refs/heads/ra");
  const places = [join(dir, ".git/ra/runs"), join(top, "workspaces")];
  return [refs, ...places.map((place) => (existsSync(place) ? digest(place) : ""))];
}

/** Directory in which workspaces that were set aside lie; made as `ra` makes it. */
function setAside(repository: TestRepository, run: string, task: string): string {
  const [root = ""] = readdirSync(join(repository.top, "workspaces"));
  const stamp = "2026-01-01T00-00-00-000Z.abcd";
  const path = join(repository.top, "workspaces", root, "leftovers", `${run}.${task}.${stamp}`);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, "only-copy.txt"), "work\n");
  return path;
}

describe("ra clean", () => {
  test("finds nothing where nothing has run, and leaves no files", async () => {
    const repository = testRepository();
    const before = digest(repository.dir);

    const done = await repository.ra("clean", "--yes");

    expect([done.code, done.stdout]).toEqual([0, "nothing is left over\n"]);
    expect(digest(repository.dir)).toBe(before);
  });

  test("only shows without a terminal, and with --dry-run", async () => {
    const repository = testRepository();
    const plan = repository.plan([{ id: "one", run: "echo 1 > one.txt" }]);
    const run = ending(await repository.ra("dispatch", plan, "--json")).run;
    const before = [leavings(repository), ofTheUser(repository)];

    const shown = await repository.ra("clean");
    const dry = await repository.ra("clean", run, "--dry-run", "--yes");

    expect([shown.code, dry.code]).toEqual([0, 0]);
    expect(shown.stdout).toMatch(
      new RegExp(`${run}/one +succeeded +result +1 ref +goes +it is on main`),
    );
    expect(shown.stderr).toContain("nothing was taken away");
    expect([leavings(repository), ofTheUser(repository)]).toEqual(before);
  });

  test("takes away what landed, and later commands say so", async () => {
    const repository = testRepository();
    const plan = repository.plan([{ id: "one", run: "echo said; echo 1 > one.txt" }]);
    const run = ending(await repository.ra("dispatch", plan, "--json")).run;
    const before = ofTheUser(repository);

    const done = await repository.ra("clean", "--yes");

    expect(done.code).toBe(0);
    expect(ofTheUser(repository)).toEqual(before);
    expect(refsOf(repository, run)).toEqual([]);
    expect(existsSync(join(repository.dir, ".git/ra/runs", run, "one"))).toBe(false);
    const patch = await repository.ra("diff", `${run}/one`);
    expect([patch.code, patch.stdout]).toEqual([0, expect.stringContaining("+1")]);
    const logs = await repository.ra("logs", `${run}/one`);
    expect([logs.code, logs.stdout]).toEqual([0, ""]);
    expect(logs.stderr).toContain("discarded by ra clean");
    expect((await repository.ra("show", `${run}/one`)).stdout).toContain("were discarded by");
    expect((await repository.ra("land", run)).stderr).toContain("NOTHING_TO_LAND");
    expect((await repository.ra("clean")).stdout).toBe("nothing is left over\n");
  });

  test("asks on a terminal, and takes nothing away without a yes", async () => {
    const repository = testRepository();
    const plan = repository.plan([{ id: "one", run: "echo 1 > one.txt" }]);
    const run = ending(await repository.ra("dispatch", plan, "--json")).run;

    const no = await openScreen(repository, ["clean"]);
    await no.shows(/Take away \d+\? \[y\/N\]/);
    no.type(enter);
    const refused = await no.ended;
    const kept = refsOf(repository, run);
    const yes = await openScreen(repository, ["clean"]);
    await yes.shows(/Take away/);
    yes.type(`y${enter}`);
    const agreed = await yes.ended;

    expect([refused, agreed]).toEqual([0, 0]);
    expect(kept.length).toBeGreaterThan(0);
    expect(refsOf(repository, run)).toEqual([]);
  });
});

describe("work that has not landed", () => {
  test("stays until its task is named, and then nothing fails obscurely", async () => {
    const repository = testRepository();
    const run = ending(await conflictRun(repository)).run;
    const name = `${run}/theirs`;
    const ref = `refs/ra/${run}/theirs/1`;
    const commit = repository.git("rev-parse", ref);

    const all = await repository.ra("clean", "--yes");
    const left = refsOf(repository, run);
    const named = await repository.ra("clean", name, "--yes");

    expect(all.stdout).toContain(`${name}: ${ref}\n  look at it: ra diff ${name}\n`);
    expect(left).toContain(ref);
    expect(left).not.toContain(`refs/ra/${run}/mine/1`);
    expect([named.code, named.stderr]).toEqual([0, expect.stringContaining(`  ${ref}\n`)]);
    expect(refsOf(repository, run)).not.toContain(ref);
    expect(repository.git("cat-file", "-t", commit)).toBe("commit");
    for (const command of ["land", "diff"]) {
      const later = await repository.ra(command, name);
      expect([command, later.code, later.stderr]).toEqual([
        command,
        2,
        expect.stringContaining("WORK_DISCARDED"),
      ]);
    }
    const why = await repository.ra("why", name);
    expect(why.stdout).toContain("cleaned");
    expect(why.stdout).not.toContain("ra land");
  });

  test("stays on its branch until the run is named, and then it cannot be resumed or landed", async () => {
    const repository = testRepository();
    const run = await keptRun(repository);
    const before = [leavings(repository), ofTheUser(repository)];

    const all = await cleanJson(repository, "--yes");
    const after = [leavings(repository), ofTheUser(repository)];
    const named = await repository.ra("clean", run, "--yes");

    expect(all.items.filter(({ goes }) => goes)).toEqual([]);
    expect(after).toEqual(before);
    expect(named.code).toBe(0);
    expect(repository.git("for-each-ref", "refs/ra", "refs/heads/ra")).toBe("");
    expect(ofTheUser(repository)).toEqual(before[1]!);
    expect((await repository.ra("land", run)).stderr).toContain("WORK_DISCARDED");
    expect((await repository.ra("resume", run)).stderr).toContain("WORK_DISCARDED");
    expect((await repository.ra("diff", run)).stderr).toContain("WORK_DISCARDED");
    expect((await repository.ra("show", run)).stdout).toContain(`discarded ra/${run}`);
  });

  test("stays on a branch that the user went on with, even when the run is named", async () => {
    const repository = testRepository();
    const run = await keptRun(repository);
    const own = repository.git("commit-tree", "-m", "own", "-p", `ra/${run}`, `ra/${run}^{tree}`);
    repository.git("update-ref", `refs/heads/ra/${run}`, own);

    const named = await repository.ra("clean", run, "--yes");

    expect([named.code, named.stdout]).toEqual([
      0,
      expect.stringContaining("more than ra put there"),
    ]);
    expect(repository.git("rev-parse", `ra/${run}`)).toBe(own);
  });

  test("stays in a directory that was set aside until its task is named", async () => {
    const repository = testRepository();
    const plan = repository.plan([
      { id: "one", run: "echo 1 > one.txt" },
      { id: "two", run: "echo 2 > two.txt" },
    ]);
    const run = ending(await repository.ra("dispatch", plan, "--json")).run;
    const path = setAside(repository, run, "one");
    const before = digest(path);

    await repository.ra("clean", "--yes");
    const kept = digest(path);
    await repository.ra("clean", `${run}/two`, "--yes");
    const beside = existsSync(path);
    await repository.ra("clean", `${run}/one`, "--yes");

    expect(kept).toBe(before);
    expect([beside, existsSync(path)]).toEqual([true, false]);
  });

  test("stays when the target was moved back from under it", async () => {
    const repository = testRepository();
    const plan = repository.plan([{ id: "one", run: "echo 1 > one.txt" }]);
    const run = ending(await repository.ra("dispatch", plan, "--json")).run;
    repository.git("reset", "--quiet", "--hard", "HEAD^");

    await repository.ra("clean", "--yes");

    expect(refsOf(repository, run)).toContain(`refs/ra/${run}/one/1`);
    expect((await repository.ra("land", run)).code).toBe(0);
    expect(repository.git("show", "main:one.txt")).toBe("1");
  });

  test("stays when only the git of its task held it", async () => {
    const repository = testRepository();
    const commit = "git -c user.name=n -c user.email=e commit -qm aside";
    const aside = `git checkout -qb aside; echo x > aside.txt; git add -A; ${commit}; git checkout -q -`;
    const plan = repository.plan([{ id: "a", run: `${aside}; echo 1 > one.txt` }]);
    const run = ending(await repository.ra("dispatch", plan, "--json")).run;

    await repository.ra("clean", "--yes");
    const left = refsOf(repository, run);
    await repository.ra("clean", run, "--yes");

    expect(left).toContain(`refs/ra/${run}/a/1.git`);
    expect(refsOf(repository, run)).toEqual([]);
  });
});
