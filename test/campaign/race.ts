import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Chain } from "../../core/dispatch/chain.ts";
import { keepOnBranch } from "../../core/dispatch/kept-branch.ts";
import { RaError } from "../../core/error.ts";
import type { Published } from "../../core/run/event.ts";
import { findPlace } from "../../core/workspace/place.ts";
import { openRepository } from "../../core/workspace/repository.ts";
import type { Repository } from "../../core/workspace/workspace.ts";
import { regular } from "./edits.ts";
import { changedBetween, type Files, writeTree } from "./files.ts";
import { ObjectStore } from "./object-store.ts";
import { PlainGit, plainEnvironment } from "./plain-git.ts";
import {
  type Deed,
  drawDeeds,
  drawMoment,
  type Moment,
  type Standing,
  writeScript,
  writeShim,
} from "./race-user.ts";
import type { Random } from "./random.ts";
import { copyTree, passing, resultOf, writeRef } from "./scratch.ts";

/** The repository every race begins with a copy of. */
export interface Template {
  readonly dir: string;
  readonly files: Files;
  readonly tip: string;
}

/** How a race came out. */
export interface Race {
  readonly dir: string;
  readonly gitDir: string;
  readonly standing: Standing;
  readonly plain: PlainGit;
  /** The story in one line. */
  readonly story: string;
  readonly from: string;
  readonly tip: string;
  readonly published: Published | null;
  /** What publishing threw. */
  readonly thrown: RaError | null;
  /** What the user wrote down: word, id, and a name. */
  readonly journal: readonly (readonly [string, string, string])[];
  /** True when the user acted only after it was over. */
  readonly late: boolean;
}

/** Makes the template: three commits on `main`, one more on `other`, and a stash. */
export async function makeTemplate(top: string): Promise<Template> {
  const dir = join(top, "template");
  const home = join(top, "home");
  mkdirSync(dir);
  const git = new PlainGit(join(dir, ".git"), home);
  const run = (...args: string[]) => git.run(args, { cwd: dir, env: { GIT_WORK_TREE: dir } });
  await run("init", "-q", "-b", "main", "--template=");
  await run("config", "user.name", "Ada");
  await run("config", "user.email", "ada@example.com");
  await run("config", "core.logAllRefUpdates", "always");
  const files: Files = new Map([[".gitignore", regular("*.log\n")]]);
  const lines = Array.from({ length: 20 }, (_, i) => `line ${i}\n`).join("");
  for (const path of ["a.txt", "b.txt", "gone.txt"]) files.set(path, regular(`${path}\n${lines}`));
  for (const [path, { data }] of files) writeFileSync(join(dir, path), data);
  await run("add", "-A");
  await run("commit", "-q", "-m", "start");
  for (const word of ["second", "third"]) {
    files.set("count.txt", regular(`${word}\n`));
    writeFileSync(join(dir, "count.txt"), `${word}\n`);
    await run("add", "-A");
    await run("commit", "-q", "-m", word);
  }
  writeFileSync(join(dir, "b.txt"), "stashed\n");
  await run("stash", "push", "-q");
  await run("branch", "other");
  await run("checkout", "-q", "other");
  writeFileSync(join(dir, "other.txt"), "other\n");
  await run("add", "-A");
  await run("commit", "-q", "-m", "other");
  await run("checkout", "-q", "main");
  return { dir, files, tip: (await run("rev-parse", "main")).trim() };
}

/** Lets a user act while a chain of two results is published, at a moment that the numbers draw. */
export async function runRace(
  template: Template,
  dir: string,
  standing: Standing,
  random: Random,
): Promise<Race> {
  const deeds = drawDeeds(random, standing);
  const moment = drawMoment(random);
  const { gitDir, plain, cwd } = await place(template, dir, standing);
  const home = join(dir, "home");
  const script = writeScript({ dir, cwd, gitDir, env: plainEnvironment(home), deeds });
  const bin = moment.kind === "git" ? `${writeShim(dir, script, moment)}:` : "";
  const env = { ...plainEnvironment(home), PATH: `${bin}${process.env.PATH}` };
  const real = await openRepository(findPlace(cwd), {
    env: { ...env, RA_WORKSPACES: join(dir, "workspaces") },
  });
  const act = (): void => {
    if (existsSync(join(dir, "armed"))) Bun.spawnSync(script, { stdin: "ignore" });
  };
  const repository = moment.kind === "call" ? withUser(real, moment, act) : real;
  const chain = await chainOf(template, gitDir, repository, random);
  writeFileSync(join(dir, "armed"), "");
  const ended = await publishBeside(chain, moment, script);
  const late = !existsSync(join(dir, "journal"));
  if (late) act();
  const journal = readFileSync(join(dir, "journal"), "utf8").trim().split("\n");
  return {
    ...{ dir, gitDir, standing, plain, story: storyOf(standing, deeds, moment, late) },
    ...{ from: template.tip, tip: chain.tip, ...ended, late },
    journal: journal.map((line) => {
      const [word = "", id = "", ...name] = line.split(" ");
      return [word, id, name.join(" ")];
    }),
  };
}

async function place(
  template: Template,
  dir: string,
  standing: Standing,
): Promise<{ readonly gitDir: string; readonly plain: PlainGit; readonly cwd: string }> {
  const cwd = join(dir, "project");
  mkdirSync(dir);
  if (standing === "bare") copyTree(join(template.dir, ".git"), cwd);
  else copyTree(template.dir, cwd);
  const gitDir = standing === "bare" ? cwd : join(cwd, ".git");
  const plain = new PlainGit(gitDir, join(dir, "home"));
  if (standing === "bare") await plain.run(["config", "core.bare", "true"]);
  else if (standing === "elsewhere") {
    await plain.run(["checkout", "-q", "other"], { cwd, env: { GIT_WORK_TREE: cwd } });
  } else await plain.run(["status"], { cwd, env: { GIT_WORK_TREE: cwd } });
  return { gitDir, plain, cwd };
}

/** Two results that wait to be published: an edit and new files, perhaps with a deletion. */
async function chainOf(
  template: Template,
  gitDir: string,
  repository: Repository,
  random: Random,
): Promise<Chain> {
  const base = template.tip;
  const store = new ObjectStore(join(gitDir, "objects"));
  const chain = new Chain({
    keep: (commit) => keepOnBranch(repository, "r1", commit),
    ...{ repository, run: "r1", target: "main", base, follows: true },
    rank: (task) => Number(task.id.slice(1)),
    verify: passing,
  });
  const one: Files = new Map(template.files);
  one.set("a.txt", regular(one.get("a.txt")!.data.replace("line 3\n", "of a task\n")));
  if (random.chance(0.5)) one.delete("gone.txt");
  const two: Files = new Map(template.files);
  two.set("new.txt", regular("new\n")).set("dir/inside.txt", regular("new\n"));
  if (random.chance(0.3)) two.set("ignored.log", regular("log\n"));
  const results = [one, two].map((files, i) => {
    const commit = store.commit({ tree: writeTree(store, files), parents: [base] });
    writeRef(gitDir, `refs/ra/r1/t${i}/1`, commit);
    return resultOf({ id: `t${i}`, base, commit, paths: changedBetween(template.files, files) });
  });
  for (const landing of await Promise.all(results.map((result) => chain.add(result)))) {
    if (landing.kind !== "merged") throw new Error(`a result is ${landing.kind}`);
  }
  return chain;
}

async function publishBeside(
  chain: Chain,
  moment: Moment,
  script: readonly string[],
): Promise<{ readonly published: Published | null; readonly thrown: RaError | null }> {
  const user = moment.kind === "meanwhile" ? actLater(script, moment.delayMs) : null;
  try {
    return { published: await chain.publish(false), thrown: null };
  } catch (error) {
    if (error instanceof RaError) return { published: null, thrown: error };
    throw error;
  } finally {
    await user;
  }
}

async function actLater(script: readonly string[], delayMs: number): Promise<void> {
  await Bun.sleep(delayMs);
  const child = Bun.spawn([...script], { stdin: "ignore", stdout: "ignore", stderr: "ignore" });
  await child.exited;
}

/** A repository beside which the user acts, before or after the n-th call of one of its methods. */
function withUser(real: Repository, moment: Moment, act: () => void): Repository {
  let calls = 0;
  let done = false;
  const once = (): void => {
    if (!done && calls > 0) {
      act();
      done = true;
    }
  };
  return new Proxy(real, {
    get(target, name) {
      const member = Reflect.get(target, name);
      if (name !== moment.method || typeof member !== "function") return member;
      return async (...args: unknown[]) => {
        if (existsSync(join(target.root, "..", "armed"))) calls++;
        if (!moment.after) once();
        const answer = await Reflect.apply(member, target, args);
        if (moment.after) once();
        return answer;
      };
    },
  });
}

function storyOf(
  standing: Standing,
  deeds: readonly Deed[],
  moment: Moment,
  late: boolean,
): string {
  const what = deeds.map(({ name }) => name).join(", then ");
  const side = moment.after ? "after" : "before";
  const when = {
    call: `${side} the first ${moment.method}`,
    git: `${side} git ${moment.at}`,
    meanwhile: `${moment.delayMs} ms after the start`,
  }[moment.kind];
  return `${standing}: the user ${what} ${late ? "at the end" : when}`;
}

/** Lock files that stand in a git directory, but for those that `ra` has for itself alone. */
export function locksIn(dir: string): string[] {
  return readdirSync(dir, { recursive: true, encoding: "utf8" }).filter(
    (path) => path.endsWith(".lock") && !path.startsWith("ra/"),
  );
}
