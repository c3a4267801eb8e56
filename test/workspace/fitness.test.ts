import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Diagnosis } from "../../core/diagnosis.ts";
import { gitFitness, repositoryFitness, workspacesFitness } from "../../core/workspace/fitness.ts";
import { findPlace } from "../../core/workspace/place.ts";
import { temporaryDirectory } from "../support/leftovers.ts";
import { type TestRepository, testRepository } from "../support/repository.ts";

/** A `PATH` of programs that say what they are told to, and git's real one where it is not among them. */
function path(programs: Readonly<Record<string, string>>): string {
  const dir = temporaryDirectory();
  for (const [name, line] of Object.entries(programs)) {
    const file = join(dir, name);
    writeFileSync(file, `#!/bin/sh\n${line}\n`);
    chmodSync(file, 0o755);
  }
  return dir;
}

/** A `PATH` with the real git and nothing else. */
function onlyGit(): string {
  const dir = temporaryDirectory();
  symlinkSync(Bun.which("git") as string, join(dir, "git"));
  return dir;
}

async function ofGit(version: string, more: Readonly<Record<string, string>> = {}) {
  const PATH = path({ git: `echo git version ${version}`, ...more });
  const [found] = await gitFitness("/", { PATH });
  return found as Diagnosis;
}

function fitness({ dir, env }: TestRepository): Promise<readonly Diagnosis[]> {
  return repositoryFitness(findPlace(dir), env);
}

function of(found: readonly Diagnosis[], check: string): Diagnosis | undefined {
  return found.find((each) => each.check === check);
}

describe("git", () => {
  test("that is missing or too old is a problem", async () => {
    const [missing] = await gitFitness("/", { PATH: temporaryDirectory() });

    expect(missing).toMatchObject({ severity: "problem", fix: "install git 2.38 or newer" });
    expect(await ofGit("2.37.9")).toMatchObject({ severity: "problem" });
    expect(await ofGit("unheard")).toMatchObject({ severity: "problem" });
  });

  test("that merges one by one is a note, by its version and whether stdbuf is there", async () => {
    const stdbuf = { stdbuf: "true" };

    const severities = await Promise.all([
      ofGit("2.38.0", stdbuf),
      ofGit("2.39.0"),
      ofGit("2.39.0", stdbuf),
      ofGit("2.48.1"),
      ofGit("2.49.0"),
    ]);

    expect(severities.map(({ severity }) => severity)).toEqual([
      ...["note", "note", "ok", "note", "ok"],
    ] as Diagnosis["severity"][]);
  });
});

describe("a repository", () => {
  test("that is fit says so, and nothing is written", async () => {
    const repository = testRepository();

    const found = await fitness(repository);

    expect(found.map(({ check, severity }) => [check, severity])).toEqual([
      ["repository", "ok"],
      ["identity", "ok"],
    ]);
    expect(existsSync(join(repository.dir, ".git/ra"))).toBe(false);
  });

  test("without an author, a commit or a branch names the command that mends it", async () => {
    const [bare, empty, detached] = [testRepository(), testRepository(null), testRepository()];
    bare.git("config", "--unset", "user.name");
    bare.git("config", "--unset", "user.email");
    empty.git("init", "--quiet");
    detached.git("checkout", "--quiet", "--detach");

    expect(of(await fitness(bare), "identity")).toMatchObject({
      severity: "problem",
      fix: expect.stringContaining("git config --global user.name"),
    });
    expect(of(await fitness(empty), "history")).toMatchObject({ severity: "problem" });
    expect(of(await fitness(detached), "history")).toMatchObject({ severity: "note" });
  });

  test("that is none is a note outside git", async () => {
    const { dir, env } = testRepository(null);

    const found = await repositoryFitness(findPlace(dir), env);

    expect(found).toMatchObject([{ severity: "note", fix: "git init" }]);
  });

  test("of an unusual shape is told of: bare, shallow, sparse, submodules", async () => {
    const whole = testRepository();
    whole.commit({ "a.txt": "2\n" });
    const { top, git, env } = whole;
    git("clone", "--quiet", "--bare", ".", join(top, "bare.git"));
    git("clone", "--quiet", "--depth=1", `file://${whole.dir}`, join(top, "shallow"));
    whole.commit({ ".gitmodules": '[submodule "x"]\n\tpath = x\n\turl = ./x\n' });
    git("config", "core.sparseCheckout", "true");

    const at = (dir: string) => repositoryFitness(findPlace(dir), env);

    expect(of(await at(join(top, "bare.git")), "bare")?.severity).toBe("note");
    expect(of(await at(join(top, "shallow")), "shallow")?.fix).toBe("git fetch --unshallow");
    const found = await fitness(whole);
    expect([of(found, "sparse")?.severity, of(found, "submodules")?.severity]).toEqual([
      "note",
      "note",
    ]);
  });

  test("with LFS needs git-lfs only when git is set up for it", async () => {
    const repository = testRepository();
    repository.commit({ "sub/.gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\n" });
    const env = { ...repository.env, PATH: onlyGit() };
    const lfs = async () => of(await repositoryFitness(findPlace(repository.dir), env), "git lfs");

    const pointers = await lfs();
    repository.git("config", "filter.lfs.clean", "git-lfs clean -- %f");
    const missing = await lfs();
    env.PATH = `${env.PATH}:${path({ "git-lfs": "true" })}`;
    const there = await lfs();

    expect([pointers?.severity, missing?.severity, there?.severity]).toEqual([
      ...["note", "problem", "ok"],
    ] as Diagnosis["severity"][]);
  });

  test("with a filter of the user's own names it when attributes ask for it", async () => {
    const repository = testRepository();
    repository.git("config", "filter.crypt.smudge", "cat");

    const unused = of(await fitness(repository), "filters");
    repository.commit({ ".gitattributes": "*.key filter=crypt\n" });
    const used = of(await fitness(repository), "filters");

    expect(unused).toBeUndefined();
    expect([used?.severity, used?.found]).toEqual(["note", expect.stringContaining("`crypt`")]);
  });

  test("with the lock of an `ra` that was killed names it; locks of others are theirs", async () => {
    const repository = testRepository();
    const lock = join(repository.dir, ".git/index.lock");

    writeFileSync(lock, "DIRC");
    const others = of(await fitness(repository), "index lock");
    writeFileSync(lock, "ra 4194303 1\n");
    const stale = of(await fitness(repository), "index lock");
    writeFileSync(lock, `ra ${process.pid} -\n`);
    const alive = of(await fitness(repository), "index lock");

    expect([others, alive]).toEqual([undefined, undefined]);
    expect(stale).toMatchObject({ severity: "problem", fix: `rm ${lock}` });
    expect(existsSync(lock)).toBe(true);
  });
});

test("workspaces inside the repository, or where nothing can be written, are a problem", async () => {
  const { dir, env, top } = testRepository();
  mkdirSync(join(top, "directory"));
  writeFileSync(join(top, "plain"), "");
  const at = async (RA_WORKSPACES: string) =>
    (await workspacesFitness(findPlace(dir), { ...env, RA_WORKSPACES }))[0];

  expect(await at(join(dir, "inside"))).toMatchObject({
    severity: "problem",
    fix: expect.stringContaining("RA_WORKSPACES"),
  });
  expect(await at(join(top, "directory", "deep"))).toMatchObject({ severity: "ok" });
  expect(await at(join(top, "plain", "deep"))).toMatchObject({ severity: "problem" });
});
