import { access, constants } from "node:fs/promises";
import { type Diagnosis, note, problem, well } from "../diagnosis.ts";
import { nearestDirectory } from "../disk-space.ts";
import { RaError } from "../error.ts";
import { listCheckouts } from "./checkout.ts";
import { type GitConfig, lastValue, readGitConfig } from "./control.ts";
import { bindGit, type Environment, type Git, older, parseVersion, versionMin } from "./git.ts";
import { userIdentity } from "./identity.ts";
import { staleOwnLock } from "./index-lock.ts";
import { workspacesTop } from "./layout.ts";
import { flushesSince, stdinSince } from "./merge-process.ts";
import type { Place } from "./place.ts";
import { remainsSite } from "./remains.ts";

/** Whether git can do what `ra` needs of it, by its version. */
export async function gitFitness(cwd: string, env: Environment): Promise<readonly Diagnosis[]> {
  const check = "git";
  const done = await bindGit(cwd, env).attempt(["version"]).catch(asMessage);
  if (typeof done === "string") return [problem(check, done, "install git 2.38 or newer")];
  const text = done.stdout.trim();
  const version = parseVersion(text);
  if (version === null || older(version, versionMin)) {
    return [problem(check, `\`${text}\` is too old`, "install git 2.38 or newer")];
  }
  if (older(version, stdinSince)) {
    const found = `${text}; each merge starts a git of its own, which is slow with many tasks`;
    return [note(check, found, "install git 2.39 or newer")];
  }
  if (older(version, flushesSince) && Bun.which("stdbuf", { PATH: env.PATH ?? "" }) === null) {
    const found = `${text} without \`stdbuf\`; each merge starts a git of its own, which is slow with many tasks`;
    return [note(check, found, "install coreutils, or git 2.49 or newer")];
  }
  return [well(check, `${text.replace(/^git version /, "")}, merges many trees in one process`)];
}

/** Whether the repository of a place is fit for runs. Git is started in it; nothing is written. */
export async function repositoryFitness(
  place: Place,
  env: Environment,
): Promise<readonly Diagnosis[]> {
  const check = "repository";
  const { commonDir, checkout, root } = place;
  if (commonDir === null) {
    const found = `\`${root}\` is in no git repository: only tasks with \`isolation: none\` run here`;
    return [note(check, found, "git init")];
  }
  const git = bindGit(checkout ?? commonDir, env);
  const config = await readGitConfig(git).catch(asError);
  if (config instanceof Error) return [ofError(check, config)];
  const user = bindGit(commonDir, env, { GIT_DIR: commonDir });
  const parts = await Promise.all([
    identity(user, env),
    history(git, checkout),
    shape(git, place, config),
    filters(git, config, env),
    locks(user, { ...place, commonDir }),
  ]);
  return [well(check, root), ...parts.flat()];
}

async function identity(user: Git, env: Environment): Promise<Diagnosis[]> {
  const check = "identity";
  const found = await userIdentity(user, env).catch(asError);
  if (!(found instanceof Error)) return [well(check, `${found.name} <${found.email}>`)];
  const fix =
    'git config --global user.name "Your Name" && git config --global user.email you@example.com';
  return [problem(check, found.message, fix)];
}

async function history(git: Git, checkout: string | null): Promise<Diagnosis[]> {
  const head = await git.attempt(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"]);
  if (head.code !== 0) {
    const found = "there is no commit yet, so nothing to start from";
    return [problem("history", found, 'git commit --allow-empty -m "Start"')];
  }
  const branch = await git.attempt(["symbolic-ref", "--quiet", "HEAD"]);
  if (branch.code === 0 || checkout === null) return [];
  const found = "no branch is checked out, so a run must be told where to land";
  return [note("history", found, "ra dispatch PLAN --target BRANCH")];
}

/** What of the repository makes a workspace differ from what a person would expect. */
async function shape(git: Git, place: Place, config: GitConfig): Promise<Diagnosis[]> {
  const found: Diagnosis[] = [];
  if (place.checkout === null)
    found.push(
      note("bare", "the repository is bare: tasks with `isolation: in-place` cannot run", null),
    );
  const shallow = await git.attempt(["rev-parse", "--is-shallow-repository"]);
  if (shallow.stdout.trim() === "true") {
    const what = "the history is cut off: agents cannot look further back";
    found.push(note("shallow", what, "git fetch --unshallow"));
  }
  if (isTrue(lastValue(config, "core.sparsecheckout"))) {
    const what = "your checkout holds a part of the files, workspaces hold all of them";
    found.push(note("sparse", what, null));
  }
  if (lastValue(config, "extensions.partialclone") !== null) {
    const what =
      "objects are fetched when they are needed: workspaces need the remote at their start";
    found.push(note("partial clone", what, null));
  }
  const modules = await git.attempt(["cat-file", "-e", "HEAD:.gitmodules"]);
  if (modules.code === 0) {
    const what = "submodules are empty directories in workspaces";
    found.push(
      note("submodules", what, "let a task run `git submodule update --init` where it needs them"),
    );
  }
  return found;
}

/** Filters that attributes ask for. Of these `ra` runs Git LFS alone. */
async function filters(git: Git, config: GitConfig, env: Environment): Promise<Diagnosis[]> {
  const places = [":(top).gitattributes", ":(top,glob)**/.gitattributes"];
  const args = ["grep", "-h", "-o", "-E", "filter=[A-Za-z0-9_.-]+", "HEAD", "--", ...places];
  const listed = await git.attempt(args);
  const used = new Set(listed.stdout.split("\n").flatMap((line) => line.split("filter=")[1] ?? []));
  const found: Diagnosis[] = [];
  for (const name of [...used].sort()) {
    const keys = ["clean", "smudge", "process"].map((part) => `filter.${name}.${part}`);
    const configured = keys.some((key) => config.has(key));
    if (name === "lfs") found.push(lfs(configured, env));
    else if (configured) {
      const what = `filter \`${name}\` runs in your checkout and not in workspaces: agents see its files as git stores them`;
      found.push(note("filters", what, null));
    }
  }
  return found;
}

function lfs(configured: boolean, env: Environment): Diagnosis {
  const check = "git lfs";
  const installed = Bun.which("git-lfs", { PATH: env.PATH ?? "" }) !== null;
  if (configured && installed) return well(check, "its files are there in workspaces");
  if (configured)
    return problem(
      check,
      "git is set up for LFS, and `git-lfs` is not installed",
      "install git-lfs",
    );
  const found = "files are kept by Git LFS, which git is not set up for: agents see pointers";
  return note(check, found, "git lfs install");
}

/** Locks that a killed `ra` left on an index: every other git waits or fails because of them. */
async function locks(
  user: Git,
  place: Place & { readonly commonDir: string },
): Promise<Diagnosis[]> {
  const checkouts = await listCheckouts({ user, place }).catch(() => []);
  return checkouts.flatMap((checkout) => {
    const lock = staleOwnLock(checkout);
    if (lock === null) return [];
    return [
      problem(
        "index lock",
        `\`${lock}\` was left by an \`ra\` that was killed`,
        `rm ${quoted(lock)}`,
      ),
    ];
  });
}

/** Whether workspaces can be made, and what was set aside beside them. */
export async function workspacesFitness(
  place: Place,
  env: Environment,
): Promise<readonly Diagnosis[]> {
  const check = "workspaces";
  if (place.commonDir === null) return [];
  try {
    remainsSite(place, env);
  } catch (error) {
    return [ofError(check, error as Error)];
  }
  const top = workspacesTop(env);
  const nearest = nearestDirectory(top);
  const closed = await access(nearest, constants.W_OK | constants.X_OK).catch(asError);
  if (closed instanceof Error) {
    return [
      problem(
        check,
        `\`${nearest}\` cannot be written to`,
        "set RA_WORKSPACES to a directory that can",
      ),
    ];
  }
  return [well(check, top)];
}

function ofError(check: string, error: Error): Diagnosis {
  return problem(check, error.message, (error instanceof RaError ? error.hint : null) ?? null);
}

function asError(error: unknown): Error {
  return error as Error;
}

function asMessage(error: unknown): string {
  return (error as Error).message;
}

function isTrue(value: string | null): boolean {
  return value !== null && /^(true|yes|on|1)$/i.test(value);
}

function quoted(path: string): string {
  return /^[A-Za-z0-9_@%+:,./=-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
