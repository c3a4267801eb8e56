import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type RaResult,
  statuses,
  type TestRepository,
  testRepository,
} from "../../support/repository.ts";

const tasks = [{ id: "a", run: "echo a > a.txt; touch $GATES/ran" }];

/** Nothing ran, and no registry was made. */
function isUntouched({ dir, top }: TestRepository): boolean {
  const made = [join(dir, ".git/ra/registry.db"), join(dir, ".ra"), join(top, "gates/ran")];
  return made.every((path) => !existsSync(path));
}

function refusal({ code, stderr }: RaResult): readonly [number | null, string] {
  return [code, stderr];
}

describe("a run is refused with the way out, and nothing is started,", () => {
  test("when HEAD is detached", async () => {
    const repository = testRepository();
    repository.git("checkout", "--quiet", "--detach");

    const result = await repository.ra("dispatch", repository.plan(tasks));

    expect(refusal(result)).toEqual([6, expect.stringContaining("--target")]);
    expect(isUntouched(repository)).toBe(true);
  });

  test("when the folder is not in a git repository", async () => {
    const folder = testRepository(null);

    const result = await folder.ra("dispatch", folder.plan(tasks));

    expect(refusal(result)).toEqual([6, expect.stringMatching(/git init.*isolation: none/)]);
    expect(isUntouched(folder)).toBe(true);
  });

  test("when the repository has no commit", async () => {
    const folder = testRepository(null);
    folder.git("init", "--quiet", "--initial-branch=main");
    folder.git("config", "user.name", "Ada");
    folder.git("config", "user.email", "ada@example.com");

    const result = await folder.ra("dispatch", folder.plan(tasks));

    expect(refusal(result)).toEqual([6, expect.stringContaining("git commit --allow-empty")]);
    expect(isUntouched(folder)).toBe(true);
  });

  test("when git knows no author", async () => {
    const repository = testRepository();
    repository.git("config", "--unset", "user.name");
    repository.git("config", "--unset", "user.email");
    repository.git("config", "user.useConfigOnly", "true");

    const result = await repository.ra("dispatch", repository.plan(tasks));

    expect(refusal(result)).toEqual([6, expect.stringContaining("git config --global user.name")]);
    expect(isUntouched(repository)).toBe(true);
  });

  test("when git is missing", async () => {
    const repository = testRepository();
    const bin = join(repository.top, "bin");
    mkdirSync(bin);
    symlinkSync(Bun.which("sh") as string, join(bin, "sh"));
    const plan = repository.plan(tasks);
    repository.env.PATH = bin;

    const result = await repository.ra("dispatch", plan);

    expect(refusal(result)).toEqual([6, expect.stringMatching(/git.*(not found|install)/is)]);
    expect(isUntouched(repository)).toBe(true);
  });

  test("when a runner is missing: the command that installs it is named", async () => {
    const repository = testRepository();
    const bin = join(repository.top, "bin");
    mkdirSync(bin);
    for (const name of ["sh", "git"]) symlinkSync(Bun.which(name) as string, join(bin, name));
    const plan = repository.plan([...tasks, { id: "b", runner: "kilo", prompt: "do" }]);
    repository.env.PATH = bin;

    const result = await repository.ra("dispatch", plan);

    expect(refusal(result)).toEqual([4, expect.stringMatching(/needed by b[\s\S]*npm install/)]);
    expect(isUntouched(repository)).toBe(true);
  });

  test("when the directory for workspaces lies in the repository", async () => {
    const repository = testRepository();
    const plan = repository.plan(tasks);
    repository.env.RA_WORKSPACES = join(repository.dir, "inside");

    const result = await repository.ra("dispatch", plan);

    expect(refusal(result)).toEqual([6, expect.stringContaining("RA_WORKSPACES")]);
    expect(isUntouched(repository)).toBe(true);
  });
});

test("a detached HEAD is fine with a named target", async () => {
  const repository = testRepository();
  repository.git("checkout", "--quiet", "--detach");
  const plan = repository.plan(tasks);

  const result = await repository.ra("dispatch", plan, "--json", "--target", "main");

  expect([result.code, statuses(result)]).toEqual([0, { a: "done" }]);
  expect(repository.git("show", "main:a.txt")).toBe("a");
  expect(existsSync(join(repository.dir, "a.txt"))).toBe(false);
});

test("hooks and settings of the user's git run no program inside ra", async () => {
  const repository = testRepository();
  // By its path: git does not get the variable.
  const owned = `${repository.env.GATES}/owned`;
  const hook = `#!/bin/sh\ntouch ${owned}\nexit 1\n`;
  for (const name of ["pre-commit", "commit-msg", "post-commit", "post-checkout", "post-merge"]) {
    writeFileSync(join(repository.dir, ".git/hooks", name), hook);
    chmodSync(join(repository.dir, ".git/hooks", name), 0o755);
  }
  repository.git("config", "commit.gpgSign", "true");
  repository.git("config", "core.pager", `touch ${owned}`);

  const result = await repository.ra("dispatch", repository.plan(tasks), "--json");

  expect([result.code, repository.git("log", "-1", "--format=%an")]).toEqual([0, "Ada Lovelace"]);
  expect(existsSync(join(repository.top, "gates/owned"))).toBe(false);
});
