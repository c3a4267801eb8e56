import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { copiedConfig, copyIfThere, formatConfig, lastValue } from "./control.ts";
import { copyIndex } from "./durable.ts";
import { baseRef, indexPath, isolatedWorkspace, populate } from "./isolated.ts";
import { setAside } from "./layout.ts";
import type { Site } from "./site.ts";
import { submodulesOf } from "./submodules.ts";
import type { Workspace, WorkspaceRequest } from "./workspace.ts";

/** Every push from a clone goes here and fails; fetching works. */
const pushBlock = "url.file:///dev/null/ra-push-blocked/.pushInsteadOf";

/**
 * Opens a shared clone: a repository of its own (refs, stash, configuration, hooks) that borrows the
 * user's objects. Whatever git the agent runs in it, the user's repository does not change.
 */
export async function openClone(site: Site, request: WorkspaceRequest): Promise<Workspace> {
  const path = site.layout.workspace(request);
  const index = indexPath(site, request);
  const [submodules] = await Promise.all([
    submodulesOf(site, request.base),
    makeClone(site, { path, index, commit: request.base, branch: branchOf(request) }),
    site.refs.set(baseRef(request), request.base),
  ]);
  return isolatedWorkspace(site, request, { path, submodules });
}

/** What a clone is made from. */
interface CloneInput {
  readonly path: string;
  readonly index: string;
  readonly commit: string;
  readonly branch: string;
  /** The directory of objects it borrows from, when it is not the user's. */
  readonly objects?: string;
}

/** Makes a clone with HEAD on `branch` at `commit`, and its files. What stood at `path` is set aside. */
export async function makeClone(site: Site, input: CloneInput): Promise<void> {
  await setAside(site.layout.root, input.path);
  const git = join(input.path, ".git");
  await makeGitDir(site, git, input);
  try {
    await populate(site, input);
    await copyIndex(input.index, join(git, "index"));
  } catch (error) {
    await site.trash.take(input.path).catch(() => undefined);
    throw error;
  }
}

async function makeGitDir(site: Site, git: string, input: CloneInput): Promise<void> {
  const { commonDir } = site.place;
  const objects = input.objects ?? join(commonDir, "objects");
  const head = join(git, "refs", "heads", input.branch);
  for (const dir of ["objects/info", "objects/pack", "info", "hooks"]) {
    await mkdir(join(git, dir), { recursive: true });
  }
  await mkdir(dirname(head), { recursive: true });
  await Promise.all([
    writeFile(join(git, "objects", "info", "alternates"), `${objects}\n`),
    writeFile(head, `${input.commit}\n`),
    writeFile(join(git, "config"), formatConfig(cloneConfig(site))),
    copyIfThere(join(commonDir, "info", "exclude"), join(git, "info", "exclude")),
    copyIfThere(join(commonDir, "info", "attributes"), join(git, "info", "attributes")),
    copyIfThere(join(commonDir, "shallow"), join(git, "shallow")),
  ]);
  // HEAD last: without it the directory is no repository, so nothing half made is taken for one.
  await writeFile(join(git, "HEAD.new"), `ref: refs/heads/${input.branch}\n`);
  await rename(join(git, "HEAD.new"), join(git, "HEAD"));
}

function cloneConfig(site: Site): [string, string][] {
  const copied = copiedConfig(site.config, site.place.commonDir);
  const version = copied.some(([name]) => name.startsWith("extensions.")) ? "1" : "0";
  const named = ["user.name", "user.email"].flatMap((name): [string, string][] => {
    const value = lastValue(site.config, name);
    return value === null ? [] : [[name, value]];
  });
  return [
    ["core.repositoryformatversion", version],
    ["core.bare", "false"],
    ["core.logallrefupdates", "true"],
    ...copied,
    ...named,
    ...remotes(site),
    ["gc.auto", "0"],
    ["maintenance.auto", "false"],
    [pushBlock, ""],
  ];
}

/** The user's remotes, to fetch from: agents and their tools look for `origin`. */
function remotes(site: Site): [string, string][] {
  const entries: [string, string][] = [];
  for (const [name, values] of site.config) {
    const remote = /^remote\.(.+)\.(url|fetch)$/.exec(name)?.[1];
    if (remote === undefined) continue;
    const partial = lastValue(site.config, `remote.${remote}.promisor`) !== null;
    // Already there: a partial clone needs the url to fetch missing objects.
    if (partial && name.endsWith(".url")) continue;
    for (const value of values) entries.push([name, value]);
  }
  return entries;
}

/** The branch an attempt starts on, in its own clone. */
function branchOf(request: WorkspaceRequest): string {
  return `ra/${request.run}/${request.task}`;
}
