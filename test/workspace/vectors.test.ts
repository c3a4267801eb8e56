import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findPlace } from "../../core/workspace/place.ts";
import { openRepository } from "../../core/workspace/repository.ts";
import type { GitRepository, Workspace } from "../../core/workspace/workspace.ts";
import { commitFiles, type Fixture, makeRepository, request, write } from "./fixture.ts";
import { lines, type Planting, plantHook, touchFile, type Vector } from "./planting.ts";
import { vectors } from "./vectors.ts";

interface Programs {
  readonly evil: string;
  readonly stop: string;
  readonly mark: string;
}

/** Programs that leave a mark when they are started, whatever they are started as. */
function makePrograms(fixture: Fixture, name = "it"): Programs {
  const at = (ending: string): string => join(fixture.dir, `../${name}.${ending}`);
  const [mark, evil, stop] = [at("mark"), at("evil"), at("stop")];
  writeFileSync(evil, `#!/bin/sh\n: > ${mark}\nexec cat\n`);
  writeFileSync(stop, `#!/bin/sh\n: > ${mark}\nexit 1\n`);
  for (const path of [evil, stop]) chmodSync(path, 0o755);
  return { evil, stop, mark };
}

function planting(fixture: Fixture, dir: string, { evil, stop }: Programs): Planting {
  const gitWith: Planting["gitWith"] = ({ input, cwd, env }, ...args) => {
    Bun.spawnSync(["git", ...args], {
      cwd: cwd ?? dir,
      env: { ...fixture.env, ...env },
      stdin: input === undefined ? "ignore" : Buffer.from(input),
      stderr: "ignore",
    });
  };
  const git: Planting["git"] = (...args) => gitWith({}, ...args);
  return { dir, project: fixture.dir, evil, stop, gitWith, git };
}

/** Takes what a workspace holds and merges it onto a commit. Gives the commit that is made of both. */
async function merged(
  repository: GitRepository,
  workspace: Workspace,
  ours: string,
): Promise<string> {
  const snapshot = await workspace.snapshot("work");
  const theirs = snapshot!.commit;
  const result = await repository.merge({ base: workspace.base!, ours, theirs });
  if (result.kind !== "clean") throw new Error(`conflict in ${result.paths.join(", ")}`);
  const commit = await repository.commit({ tree: result.tree, parent: ours, message: "land" });
  await workspace.close();
  return commit;
}

/** Checks a commit out for verify, and brings it to the user's branch. */
async function land(fixture: Fixture, repository: GitRepository, to: string): Promise<void> {
  const scratch = await repository.openScratch("r7k2", to);
  await scratch.close();
  const from = fixture.head();
  expect(await repository.publish({ target: "main", from, to })).toEqual({ kind: "landed" });
  await repository.tidy("r7k2");
  expect(fixture.git("show", "main:a.txt")).toBe(lines("agent", "user").trim());
}

/** Plants a vector in a workspace of its own, sets it off under plain git, and lets `ra` take what is there. */
async function throughRa(
  fixture: Fixture,
  opened: GitRepository,
  input: { vector: Vector; task: string; base: string; ours: string; programs: Programs },
): Promise<{ readonly fires: boolean; readonly commit: string }> {
  const { vector, programs } = input;
  const wanted = request(fixture, { task: input.task, base: input.base });
  const workspace = await opened.open(wanted);
  const on = planting(fixture, workspace.path, programs);
  vector.plant(on);
  rmSync(programs.mark, { force: true });
  vector.fire(on);
  const fires = existsSync(programs.mark);
  rmSync(programs.mark, { force: true });
  touchFile(on);
  if (vector.env === undefined) {
    return { fires, commit: await merged(opened, workspace, input.ours) };
  }
  const env = { ...fixture.env, RA_WORKSPACES: fixture.workspaces, ...vector.env(on) };
  const repository = await openRepository(findPlace(fixture.dir), { env });
  const adopted = await repository.adopt(wanted);
  return { fires, commit: await merged(repository, adopted!, input.ours) };
}

describe("nothing starts in ra, on the whole way from workspace to branch, of what an agent plants as", () => {
  for (const [kind, planted] of Object.entries(vectors)) {
    test(`${kind} (${planted.length} ways)`, async () => {
      const fixture = makeRepository({ "a.txt": lines("1") });
      const repository = await fixture.open();
      const base = fixture.head();
      let ours = commitFiles(fixture, { "a.txt": lines("1", "user") });
      const dud: string[] = [];
      const marks = new Map<string, string>();

      for (const [i, vector] of planted.entries()) {
        const programs = makePrograms(fixture, `v${i}`);
        const input = { vector, task: `v${i}`, base, ours, programs };
        const { fires, commit } = await throughRa(fixture, repository, input);
        if (!fires) dud.push(vector.name);
        marks.set(programs.mark, vector.name);
        ours = commit;
      }
      await land(fixture, repository, ours);

      const ran = [...marks].filter(([mark]) => existsSync(mark)).map(([, name]) => name);
      expect(dud).toEqual([]);
      expect(ran).toEqual([]);
    }, 120_000);
  }

  test("at least fifty ways", () => {
    const names = Object.values(vectors).flatMap((kind) => kind.map(({ name }) => name));

    expect(new Set(names).size).toBeGreaterThanOrEqual(50);
  });
});

describe("what an agent lands in the user's repository starts nothing in ra:", () => {
  const landings: Readonly<
    Record<
      string,
      { user: (fixture: Fixture) => void; plant: (on: Planting) => void; fire: string[] }
    >
  > = {
    "a hook in the directory that the user's hooks are in": {
      user: (fixture) => fixture.git("config", "core.hooksPath", ".githooks"),
      plant: (on) => plantHook(join(on.dir, ".githooks"), "post-checkout", on.evil),
      fire: ["checkout", "-qb", "x"],
    },
    "a change to the file that the user's configuration includes": {
      user: (fixture) => fixture.git("config", "include.path", "../shared.gitconfig"),
      plant: (on) => write(on.dir, { "shared.gitconfig": `[core]\n\tfsmonitor = ${on.evil}\n` }),
      fire: ["status"],
    },
    "attributes that name the user's textconv": {
      user: (fixture) => fixture.git("config", "diff.x.textconv", makePrograms(fixture).evil),
      plant: (on) => write(on.dir, { ".gitattributes": "* diff=x\n" }),
      fire: ["log", "-p"],
    },
    "attributes that name the user's merge driver": {
      user: (fixture) => fixture.git("config", "merge.x.driver", makePrograms(fixture).evil),
      plant: (on) => write(on.dir, { ".gitattributes": "* merge=x\n" }),
      fire: ["revert", "--no-edit", "HEAD~1"],
    },
  };

  for (const [name, { user, plant, fire }] of Object.entries(landings)) {
    test(name, async () => {
      const fixture = makeRepository({ "a.txt": lines("1") });
      const programs = makePrograms(fixture);
      const { mark } = programs;
      user(fixture);
      const repository = await fixture.open();
      const workspace = await repository.open(request(fixture));
      const on = planting(fixture, workspace.path, programs);
      plant(on);
      touchFile(on);

      const ours = commitFiles(fixture, { "a.txt": lines("1", "user") });
      await land(fixture, repository, await merged(repository, workspace, ours));

      expect(existsSync(mark)).toBe(false);
      on.gitWith({ cwd: fixture.dir }, ...fire);
      expect(existsSync(mark)).toBe(true);
    });
  }
});
