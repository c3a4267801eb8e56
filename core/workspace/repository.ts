import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { ExitCode, RaError } from "../error.ts";
import { limits } from "../limits.ts";
import { createMutex } from "../mutex.ts";
import { abandonedWorkspaces, clearAbandoned, standingRuns } from "./abandoned.ts";
import { BaseAttributes } from "./attributes.ts";
import { textsAt } from "./blob-text.ts";
import { carried, carriedOnto } from "./carried.ts";
import { type Checkout, changedTracked, listCheckouts } from "./checkout.ts";
import { makeClone, openClone } from "./clone.ts";
import { conflicted, replant } from "./conflict.ts";
import { bindControl, lastValue, readGitConfig } from "./control.ts";
import { bindGit, type Environment, requireGit } from "./git.ts";
import { type Identity, signature, userIdentity } from "./identity.ts";
import { adoptInPlace, openInPlace } from "./in-place.ts";
import { isolatedWorkspace, requireIndex } from "./isolated.ts";
import { keptCommits } from "./kept-commits.ts";
import { publish } from "./land.ts";
import { commitsTouching, landedCommits, landedTasks } from "./landed.ts";
import { layoutOf, Trash } from "./layout.ts";
import { makeLookout } from "./lookout.ts";
import { type MergeTools, mergeTrees, quarantinedMerger } from "./merge.ts";
import { dateAfter, ObjectReader } from "./object-reader.ts";
import { patchOf } from "./patch.ts";
import { gitDirOf, type Place } from "./place.ts";
import { plainWorkspace } from "./plain.ts";
import { Quarantine } from "./quarantine.ts";
import { ownRef, Refs } from "./refs.ts";
import type { ResultLimits } from "./result-size.ts";
import type { Site } from "./site.ts";
import { submodulesOf } from "./submodules.ts";
import { mend, tidy } from "./tidy.ts";
import { changedPaths, diffRevisions } from "./tree-diff.ts";
import type { GitRepository, Workspace, WorkspaceRequest } from "./workspace.ts";
import { detachFrom, openWorktree } from "./worktree.ts";

/** How a repository is opened. */
export interface RepositoryOptions {
  /** What git inherits, but for `GIT_*`; `RA_WORKSPACES`, `XDG_STATE_HOME` and the author's name are read from it. */
  readonly env: Environment;
  /** True: nothing will be committed, so nobody has to be known to git. */
  readonly readOnly?: boolean;
  /** What one result may come to; the limits of `ra` by default. */
  readonly results?: ResultLimits;
}

/**
 * Opens the repository of a place. Throws `RaError` (exit 6) when git is missing or too old, when it does
 * not trust the repository, or when it knows no author.
 */
export async function openRepository(
  place: Place,
  options: RepositoryOptions,
): Promise<GitRepository> {
  const { commonDir } = place;
  if (commonDir === null) throw notARepository(place.root);
  // Found by git itself and not by `GIT_DIR`, so that it refuses a repository of another owner.
  const finder = bindGit(place.checkout ?? commonDir, options.env);
  const [version, config] = await Promise.all([requireGit(finder), readGitConfig(finder)]);
  const user = bindGit(commonDir, options.env, { GIT_DIR: commonDir });
  const gitDir = place.checkout === null ? commonDir : gitDirOf(place.checkout);
  const { stateDir } = place;
  const control = bindControl({ commonDir, stateDir, config, env: options.env });
  const layout = layoutOf({ ...place, commonDir }, options.env);
  const sha256 = lastValue(config, "extensions.objectformat") === "sha256";
  const reftable = lastValue(config, "extensions.refstorage") === "reftable";
  const refs = new Refs({
    ...{ user, commonDir, gitDir, sha256, reftable },
    stateDir: place.stateDir,
  });
  const objects = new ObjectReader(control);
  const controlDir = join(place.stateDir, "control.git");
  const store = join(commonDir, "objects");
  const top = join(place.stateDir, "quarantine");
  const quarantine = new Quarantine({ control, objects, top, store });
  const site: Site = {
    place: { ...place, commonDir },
    user,
    control,
    indexDir: join(controlDir, "indexes"),
    config,
    version,
    layout,
    trash: new Trash(layout.root),
    refs,
    objects,
    quarantine,
    results: options.results ?? { files: limits.resultFiles, bytes: limits.resultBytes },
    worktreeList: createMutex(),
  };
  const attributes = new BaseAttributes(control, join(controlDir, "attributes"));
  const author = lazily(() => userIdentity(user, options.env));
  if (!options.readOnly) await author();
  const tools = { control, version, objects, attributes, quarantine };
  return composed(site, tools, { gitDir, author });
}

function composed(
  site: Site,
  tools: MergeTools,
  own: { readonly gitDir: string; readonly author: () => Promise<Identity> },
): GitRepository {
  const { place, refs, objects, control, quarantine } = site;
  return {
    root: place.root,
    resolve: (revision) => resolveCommit(site, own.gitDir, revision),
    currentBranch: () => refs.currentBranch(),
    branchTip: (branch) => refs.read(`refs/heads/${branch}`),
    dirty: () => isDirty(site, own.gitDir),
    async open(request) {
      await quarantine.keep(request.base);
      return openWorkspace(site, tools, request);
    },
    openScratch: (run, commit) => openScratch(site, run, commit),
    merge: (input) => mergeTrees(tools, input),
    merger: (commits) => quarantinedMerger(tools, commits, own.author),
    lookout: () => makeLookout(site, tools),
    async commit({ tree, parent, message }) {
      const env = signature(await own.author(), dateAfter(await objects.commit(parent)));
      const args = ["commit-tree", tree, "-p", parent, "-F", "-"];
      return (await control.run(args, { env, input: message })).trim();
    },
    tree: async (commit) => (await objects.commit(commit)).tree,
    changes: async (from, to) => changedPaths(await diffRevisions(control, from, to)),
    async conflicted(request) {
      await quarantine.keep(request.ours);
      return conflicted(site, tools.attributes, request);
    },
    replant: (input) => replant(site, input),
    carried: (input) => carried(tools, own.author, input),
    carriedOnto: (commit) => carriedOnto(site, commit),
    texts: (commit, paths) => textsAt(control, commit, paths),
    async pin(ref, commit) {
      await quarantine.keep(commit);
      await refs.set(ownRef(ref), commit);
    },
    async publish(move) {
      await quarantine.keep(move.to);
      return publish(site, await own.author(), move);
    },
    landedTasks: (wanted) => landedTasks(site, wanted),
    landedCommits: (wanted) => landedCommits(site, wanted),
    keptCommits: (commits) => keptCommits(site, commits),
    commitsTouching: (wanted) => commitsTouching(site, wanted),
    discard: (branch, commit) => discard(site, branch, commit),
    patch: (from, to, form) => patchOf(control, from, to, form),
    adopt: (request) => adopt(site, request),
    abandoned: (run, lasting) => abandonedWorkspaces(site, run, lasting),
    clearAbandoned: (run, leftovers) => clearAbandoned(site, run, leftovers),
    mend: (run) => mend(site, run),
    standingRuns: () => standingRuns(site),
    tidy: (run) => tidy(site, run),
  };
}

function openWorkspace(
  site: Site,
  tools: MergeTools,
  request: WorkspaceRequest,
): Promise<Workspace> {
  switch (request.isolation) {
    case "clone":
      return openClone(site, request);
    case "worktree":
      return openWorktree(site, request);
    case "in-place":
      return openInPlace(site, tools, request);
    case "none":
      return Promise.resolve(plainWorkspace(site.place.checkout ?? site.place.root));
  }
}

async function adopt(site: Site, request: WorkspaceRequest): Promise<Workspace | null> {
  if (request.isolation === "none") return null;
  if (request.isolation === "in-place") return await adoptInPlace(site, request);
  const path = site.layout.workspace(request);
  if (!existsSync(path)) return null;
  await requireIndex(site, request);
  const submodules = await submodulesOf(site, request.base);
  const linked = request.isolation === "worktree" ? detachFrom(site, path) : {};
  return isolatedWorkspace(site, request, { path, submodules, ...linked });
}

async function openScratch(
  site: Site,
  run: string,
  commit: string,
): Promise<{ readonly path: string; close(): Promise<void> }> {
  const path = site.layout.scratch(run);
  const index = join(site.indexDir, `${run}.scratch.${crypto.randomUUID()}`);
  const objects = site.quarantine.holds(commit) ? await site.quarantine.directory() : undefined;
  const borrowed = objects === undefined ? {} : { objects };
  await makeClone(site, { path, index, commit, branch: "ra/verify", ...borrowed });
  await rm(index, { force: true });
  return { path, close: () => site.trash.take(path) };
}

async function discard(site: Site, branch: string, commit: string): Promise<boolean> {
  const checkouts = await listCheckouts(site);
  if (checkouts.some((checkout) => checkout.branch === branch)) return false;
  return await site.refs.removeAt(ownRef(`refs/heads/${branch}`), commit);
}

async function isDirty(site: Site, gitDir: string): Promise<boolean> {
  const path = site.place.checkout;
  if (path === null) return false;
  const checkout: Checkout = { path, gitDir, branch: null };
  return (await changedTracked(site, checkout)).length > 0;
}

async function resolveCommit(site: Site, gitDir: string, revision: string): Promise<string> {
  const args = ["rev-parse", "--verify", "--quiet", "--end-of-options", `${revision}^{commit}`];
  const done = await site.user.attempt(args, { env: { GIT_DIR: gitDir } });
  // Git 2.38 and 2.39 echo `--end-of-options` before the answer.
  const commit = done.stdout.trim().split("\n").at(-1) ?? "";
  if (done.code === 0 && /^[0-9a-f]{40,64}$/.test(commit)) return commit;
  const head = await site.user.attempt(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"], {
    env: { GIT_DIR: gitDir },
  });
  throw head.code === 0 ? noSuchRevision(revision) : noCommits(site.place.root);
}

/** Keeps the first answer; after a failure it asks again, for the user may have mended the cause. */
function lazily<T>(make: () => Promise<T>): () => Promise<T> {
  let made: T | undefined;
  return async () => {
    made ??= await make();
    return made;
  };
}

function noSuchRevision(revision: string): RaError {
  return new RaError({
    code: "GIT_NO_REVISION",
    exitCode: ExitCode.environment,
    message: `\`${revision}\` names no commit in this repository`,
    hint: "list the branches with `git branch --all`",
  });
}

function noCommits(root: string): RaError {
  return new RaError({
    code: "GIT_NO_COMMITS",
    exitCode: ExitCode.environment,
    message: `the repository \`${root}\` has no commit yet`,
    hint: 'Run `git commit --allow-empty -m "Start"`.',
  });
}

function notARepository(root: string): RaError {
  return new RaError({
    code: "GIT_NO_REPOSITORY",
    exitCode: ExitCode.environment,
    message: `\`${root}\` is not in a git repository`,
    hint: "run `git init`, or set `isolation: none` for every task",
  });
}
