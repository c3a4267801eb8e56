import { createHash } from "node:crypto";
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { findPlace } from "../../core/workspace/place.ts";
import { openRepository } from "../../core/workspace/repository.ts";
import type { GitRepository, Workspace, WorkspaceRequest } from "../../core/workspace/workspace.ts";
import { temporaryDirectory } from "../support/leftovers.ts";

/** A repository in a temporary directory, and git as a user or an agent runs it. */
export interface Fixture {
  readonly dir: string;
  readonly workspaces: string;
  readonly env: Record<string, string>;
  /** Runs git in the repository; gives trimmed standard output, throws when it fails. */
  git(...args: string[]): string;
  open(cwd?: string): Promise<GitRepository>;
  head(): string;
}

const author = { name: "Ada", email: "ada@example.com" };

/** A repository with one commit of `files`, on branch `main`. */
export function makeRepository(
  files: Record<string, string> = { "a.txt": "a\n" },
  init: readonly string[] = [],
): Fixture {
  const top = temporaryDirectory("ra-git");
  const dir = join(top, "project");
  const home = join(top, "home");
  mkdirSync(dir);
  mkdirSync(home);
  const env = userEnvironment(home);
  gitIn(dir, env, "init", "-q", "-b", "main", ...init);
  gitIn(dir, env, "config", "user.name", author.name);
  gitIn(dir, env, "config", "user.email", author.email);
  const fixture: Fixture = {
    dir,
    workspaces: join(top, "workspaces"),
    env,
    git: (...args) => gitIn(dir, env, ...args),
    open: (cwd = dir) =>
      openRepository(findPlace(cwd), {
        env: { ...env, RA_WORKSPACES: join(top, "workspaces") },
      }),
    head: () => gitIn(dir, env, "rev-parse", "HEAD"),
  };
  if (Object.keys(files).length > 0) commitFiles(fixture, files, "start");
  return fixture;
}

/** Writes files and commits everything. Gives the commit. */
export function commitFiles(
  fixture: Fixture,
  files: Record<string, string>,
  message = "change",
): string {
  write(fixture.dir, files);
  fixture.git("add", "-A");
  fixture.git("commit", "-q", "-m", message);
  return fixture.head();
}

/** Writes files below a directory, making the directories on the way. */
export function write(dir: string, files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
}

/** Runs git in a directory, as an agent would. Gives trimmed standard output, throws when it fails. */
export function gitIn(dir: string, env: Record<string, string>, ...args: string[]): string {
  const done = Bun.spawnSync(["git", ...args], { cwd: dir, env, stdin: "ignore" });
  if (done.exitCode !== 0) throw new Error(`git ${args.join(" ")}: ${done.stderr.toString()}`);
  return done.stdout.toString().trim();
}

/** As `gitIn`, for what may fail. */
export function tryGit(dir: string, env: Record<string, string>, ...args: string[]): void {
  Bun.spawnSync(["git", ...args], { cwd: dir, env, stdin: "ignore" });
}

/** A request for a workspace, from the repository's HEAD unless said otherwise. */
export function request(
  fixture: Fixture,
  change: Partial<WorkspaceRequest> = {},
): WorkspaceRequest {
  return {
    run: "r7k2",
    task: "api",
    attempt: 1,
    isolation: "clone",
    base: change.base ?? fixture.head(),
    ...change,
  };
}

/** Opens a workspace, lets `work` change its directory, and gives the commit of its snapshot. */
export async function resultOf(
  repository: GitRepository,
  wanted: WorkspaceRequest,
  work: (dir: string) => void,
): Promise<string> {
  const workspace = await repository.open(wanted);
  work(workspace.path);
  const snapshot = await workspace.snapshot("work");
  await workspace.close();
  return snapshot!.commit;
}

/** Every file of a commit with mode and content, as `path mode content`. */
export function filesOf(fixture: Fixture, commit: string): Record<string, string> {
  const files: Record<string, string> = {};
  for (const line of fixture.git("ls-tree", "-r", "-z", commit).split("\0")) {
    const match = /^(\d+) (\w+) ([0-9a-f]+)\t([\s\S]+)$/.exec(line);
    if (match === null) continue;
    const [, mode, type, id, path] = match;
    const text = type === "blob" ? fixture.git("cat-file", "blob", id!) : id;
    files[path!] = `${mode} ${text}`;
  }
  return files;
}

/** A digest of every file, link and directory below a directory, with modes; `skip` names top entries to leave out. */
export function digest(dir: string, skip: readonly string[] = []): string {
  const hash = createHash("sha256");
  for (const line of listing(dir, "", skip)) hash.update(`${line}\n`);
  return hash.digest("hex");
}

/** One line a file, link and directory below a directory. */
export function listing(dir: string, below = "", skip: readonly string[] = []): string[] {
  const lines: string[] = [];
  for (const name of readdirSync(join(dir, below)).sort()) {
    const path = join(below, name);
    if (below === "" && skip.includes(name)) continue;
    const stat = lstatSync(join(dir, path));
    const mode = (stat.mode & 0o7777).toString(8);
    if (stat.isSymbolicLink()) lines.push(`${path} -> ${readlinkSync(join(dir, path))}`);
    else if (stat.isDirectory()) lines.push(`${path}/ ${mode}`, ...listing(dir, path, skip));
    else if (stat.isFile()) lines.push(`${path} ${mode} ${contentHash(join(dir, path))}`);
    else lines.push(`${path} special`);
  }
  return lines;
}

/** Opens a workspace for the common case. */
export function openWorkspace(
  repository: GitRepository,
  fixture: Fixture,
  change: Partial<WorkspaceRequest> = {},
): Promise<Workspace> {
  return repository.open(request(fixture, change));
}

function contentHash(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

function userEnvironment(home: string): Record<string, string> {
  return {
    PATH: process.env.PATH ?? "",
    HOME: home,
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: join(home, ".gitconfig"),
    GIT_TERMINAL_PROMPT: "0",
  };
}
