import { chmodSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { write } from "./fixture.ts";
import {
  type Act,
  after,
  changed,
  commitAll,
  diverge,
  evilGitDir,
  git,
  hook,
  type Planting,
  plantHook,
  touchFile,
  type Vector,
} from "./planting.ts";

const pushBlock = "url.file:///dev/null/ra-push-blocked/.pushInsteadOf";

/** Hooks, by the command that runs each. */
export const hooks: readonly Vector[] = [
  { name: "pre-commit", plant: hook("pre-commit"), fire: after(touchFile, commitAll) },
  {
    name: "prepare-commit-msg",
    plant: hook("prepare-commit-msg"),
    fire: changed("commit", "-qam", "x"),
  },
  { name: "commit-msg", plant: hook("commit-msg"), fire: changed("commit", "-qam", "x") },
  { name: "post-commit", plant: hook("post-commit"), fire: changed("commit", "-qam", "x") },
  { name: "post-checkout", plant: hook("post-checkout"), fire: git("checkout", "-qb", "x") },
  { name: "post-index-change", plant: hook("post-index-change"), fire: changed("add", "a.txt") },
  {
    name: "reference-transaction",
    plant: hook("reference-transaction"),
    fire: git("update-ref", "refs/heads/x", "HEAD"),
  },
  {
    name: "pre-merge-commit",
    plant: hook("pre-merge-commit"),
    fire: after(diverge, git("merge", "-q", "one")),
  },
  {
    name: "post-merge",
    plant: hook("post-merge"),
    fire: after(diverge, git("merge", "-q", "one")),
  },
  { name: "pre-rebase", plant: hook("pre-rebase"), fire: after(diverge, git("rebase", "one")) },
  { name: "post-rewrite", plant: hook("post-rewrite"), fire: git("commit", "--amend", "-qm", "x") },
  {
    name: "pre-push",
    plant: hook("pre-push", git("config", "--unset-all", pushBlock)),
    fire: (on) => on.git("push", on.project, "HEAD:refs/heads/x"),
  },
  ...["pre-receive", "update", "post-receive", "post-update"].map((name) => ({
    name,
    plant: hook(name),
    fire: ((on) => on.gitWith({ cwd: on.project }, "push", on.dir, "HEAD:refs/heads/x")) as Act,
  })),
  {
    name: "proc-receive",
    plant: hook("proc-receive", git("config", "receive.procReceiveRefs", "refs/for")),
    fire: (on) => on.gitWith({ cwd: on.project }, "push", on.dir, "HEAD:refs/for/x"),
  },
  {
    name: "a hooks directory among the files",
    plant: (on) => {
      plantHook(join(on.dir, ".githooks"), "post-index-change", on.evil);
      on.git("config", "core.hooksPath", ".githooks");
    },
    fire: changed("add", "a.txt"),
  },
];

/** Repositories in the place of the workspace's own, or inside it. */
export const repositories: readonly Vector[] = [
  {
    name: "a .git file that leads to a repository among the files",
    plant: after(evilGitDir("evil-file"), ({ dir }) => {
      renameSync(join(dir, ".git"), join(dir, ".gone"));
      write(dir, { ".git": "gitdir: evil-file\n" });
    }),
    fire: git("status"),
  },
  {
    name: "a .git that is a link to one",
    plant: after(evilGitDir("evil-link"), ({ dir }) => {
      rmSync(join(dir, ".git"), { recursive: true });
      symlinkSync("evil-link", join(dir, ".git"));
    }),
    fire: git("status"),
  },
  {
    name: "a common directory elsewhere",
    plant: after(evilGitDir("evil-common"), ({ dir }) =>
      write(dir, { ".git/commondir": "../evil-common\n" }),
    ),
    fire: git("status"),
  },
  {
    name: "a bare repository among the files",
    plant: after(
      evilGitDir("evil"),
      ({ dir }) => {
        write(dir, { "evil/config": `${bare}\tworktree = ..\n\tfsmonitor = ${dir}/evil/run\n` });
      },
      (on) => {
        write(on.dir, { "evil/run": `#!/bin/sh\nexec ${on.evil}\n` });
        chmodSync(join(on.dir, "evil/run"), 0o755);
      },
    ),
    fire: (on) => on.gitWith({ cwd: join(on.dir, "evil") }, "status"),
  },
  {
    name: "a nested repository with a monitor",
    plant: (on) => {
      on.git("init", "-q", "inner");
      const at = { cwd: join(on.dir, "inner") };
      on.gitWith(
        at,
        "-c",
        "user.name=n",
        "-c",
        "user.email=e",
        "commit",
        "--allow-empty",
        "-qm",
        "x",
      );
      on.gitWith(at, "config", "core.fsmonitor", on.evil);
    },
    fire: after(git("add", "inner"), git("status")),
  },
  {
    name: "a submodule with a command for updates",
    plant: (on) => {
      write(on.dir, { ".gitmodules": `[submodule "s"]\n\tpath = s\n\turl = ${on.project}\n` });
      const head = Bun.spawnSync(["git", "rev-parse", "HEAD"], { cwd: on.project });
      on.git("update-index", "--add", "--cacheinfo", `160000,${head.stdout.toString().trim()},s`);
      on.git("config", "submodule.s.url", on.project);
      on.git("config", "submodule.s.update", `!${on.evil}`);
    },
    fire: git("-c", "protocol.file.allow=always", "submodule", "update", "--init"),
  },
  {
    name: "a command in a rebase that was left in the middle",
    plant: after(diverge, (on) => {
      on.git("rebase", "-x", "false", "HEAD~1");
      write(on.dir, { ".git/rebase-merge/git-rebase-todo": `exec ${on.evil}\n` });
    }),
    fire: git("rebase", "--continue"),
  },
];

const bare = "[core]\n\trepositoryformatversion = 0\n\tbare = false\n";

/** Variables that `ra` is started with, as from a hook or from an agent's shell. */
export const variables: readonly Vector[] = [
  inherited("GIT_EXTERNAL_DIFF", ({ evil }) => ({ GIT_EXTERNAL_DIFF: evil }), "diff"),
  inherited(
    "GIT_CONFIG_COUNT",
    ({ evil }) => ({
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: "core.fsmonitor",
      GIT_CONFIG_VALUE_0: evil,
    }),
    "status",
  ),
  inherited(
    "GIT_CONFIG_PARAMETERS",
    ({ evil }) => ({ GIT_CONFIG_PARAMETERS: `'core.fsmonitor'='${evil}'` }),
    "status",
  ),
  inherited(
    "GIT_DIR",
    ({ dir }) => ({ GIT_DIR: join(dir, "evil-GIT_DIR"), GIT_WORK_TREE: dir }),
    "status",
  ),
  inherited("GIT_EDITOR", ({ evil }) => ({ GIT_EDITOR: evil }), "commit", "--allow-empty"),
  inherited(
    "GIT_SSH_COMMAND",
    ({ stop }) => ({ GIT_SSH_COMMAND: stop }),
    "ls-remote",
    "ssh://x.invalid/y",
  ),
];

function inherited(
  name: string,
  env: (on: Planting) => Record<string, string>,
  ...command: string[]
): Vector {
  return {
    name: `the variable ${name}`,
    plant: evilGitDir(`evil-${name}`),
    fire: after(touchFile, (on) => on.gitWith({ env: env(on) }, ...command)),
    env,
  };
}
