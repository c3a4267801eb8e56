import { join } from "node:path";
import { write } from "./fixture.ts";
import {
  after,
  attributes,
  changed,
  clean,
  config,
  diverge,
  git,
  monitor,
  type Vector,
} from "./planting.ts";
/** Programs that the configuration of the workspace names. */
export const settings: readonly Vector[] = [
  { name: "core.fsmonitor", plant: config(monitor), fire: git("status") },
  {
    name: "a clean filter in info/attributes",
    plant: config(clean, attributes("* filter=x")),
    fire: changed("add", "a.txt"),
  },
  {
    name: "a smudge filter",
    plant: config(({ evil }) => ({ "filter.x.smudge": evil }), attributes("* filter=x")),
    fire: changed("checkout", "a.txt"),
  },
  {
    name: "a filter process",
    plant: config(({ evil }) => ({ "filter.x.process": evil }), attributes("* filter=x")),
    fire: changed("add", "a.txt"),
  },
  {
    name: "a filter that goes by the name of LFS",
    plant: config(({ evil }) => ({ "filter.lfs.clean": evil }), attributes("* filter=lfs")),
    fire: changed("add", "a.txt"),
  },
  {
    name: "textconv",
    plant: config(({ evil }) => ({ "diff.x.textconv": evil }), attributes("* diff=x")),
    fire: changed("diff"),
  },
  {
    name: "a diff driver",
    plant: config(({ evil }) => ({ "diff.x.command": evil }), attributes("* diff=x")),
    fire: changed("diff"),
  },
  {
    name: "diff.external",
    plant: config(({ evil }) => ({ "diff.external": evil })),
    fire: changed("diff"),
  },
  {
    name: "a merge driver",
    plant: config(({ evil }) => ({ "merge.x.driver": evil }), attributes("* merge=x")),
    fire: after(diverge, git("merge", "-q", "one")),
  },
  {
    name: "an included file",
    plant: config(
      () => ({ "include.path": "more" }),
      ({ dir, evil }) => write(dir, { ".git/more": `[core]\n\tfsmonitor = ${evil}\n` }),
    ),
    fire: git("status"),
  },
  {
    name: "a file included on a condition",
    plant: config(
      ({ dir }) => ({ [`includeIf.gitdir:${dir}/.git.path`]: "more" }),
      ({ dir, evil }) => write(dir, { ".git/more": `[core]\n\tfsmonitor = ${evil}\n` }),
    ),
    fire: git("status"),
  },
  {
    name: "the configuration of a single worktree",
    plant: config(
      () => ({ "extensions.worktreeConfig": "true" }),
      ({ dir, evil }) => write(dir, { ".git/config.worktree": `[core]\n\tfsmonitor = ${evil}\n` }),
    ),
    fire: git("status"),
  },
  {
    name: "core.attributesFile",
    plant: config(
      (on) => ({ ...clean(on), "core.attributesFile": join(on.dir, ".git/more") }),
      ({ dir }) => write(dir, { ".git/more": "* filter=x\n" }),
    ),
    fire: changed("add", "a.txt"),
  },
  {
    name: "a macro in .gitattributes",
    plant: config(clean, ({ dir }) => {
      write(dir, { ".gitattributes": "[attr]plain filter=x\n* plain\n" });
    }),
    fire: changed("add", "a.txt"),
  },
  {
    name: ".gitattributes in a directory",
    plant: config(clean, ({ dir }) => {
      write(dir, { "sub/.gitattributes": "* filter=x\n", "sub/s.txt": "s" });
    }),
    fire: git("add", "sub"),
  },
  {
    name: "core.editor",
    plant: config(({ evil }) => ({ "core.editor": evil })),
    fire: git("commit", "--allow-empty"),
  },
  {
    name: "sequence.editor",
    plant: config(({ evil }) => ({ "sequence.editor": evil })),
    fire: after(diverge, git("rebase", "-i", "HEAD~1")),
  },
  {
    name: "gpg.program for every commit",
    plant: config(({ evil }) => ({ "gpg.program": evil, "commit.gpgSign": "true" })),
    fire: git("commit", "--allow-empty", "-m", "x"),
  },
  {
    name: "gpg.ssh.program",
    plant: config(({ evil }) => ({
      ...{ "gpg.format": "ssh", "gpg.ssh.program": evil, "commit.gpgSign": "true" },
      "user.signingKey": "key::ssh-ed25519 AAAA",
    })),
    fire: git("commit", "--allow-empty", "-m", "x"),
  },
  {
    name: "credential.helper",
    plant: config(({ evil }) => ({ "credential.helper": `!${evil}` })),
    fire: (on) => on.gitWith({ input: "protocol=https\nhost=x.invalid\n\n" }, "credential", "fill"),
  },
  {
    name: "core.askPass",
    plant: config(({ evil }) => ({ "core.askPass": evil })),
    fire: (on) => on.gitWith({ input: "protocol=https\nhost=x.invalid\n\n" }, "credential", "fill"),
  },
  {
    name: "core.sshCommand",
    plant: config(({ stop }) => ({ "core.sshCommand": stop })),
    fire: git("ls-remote", "ssh://x.invalid/y"),
  },
  {
    name: "core.gitProxy",
    plant: config(({ stop }) => ({ "core.gitProxy": stop })),
    fire: git("ls-remote", "git://x.invalid/y"),
  },
  {
    name: "an ext:: remote",
    plant: config(({ stop }) => ({
      "protocol.ext.allow": "always",
      "remote.origin.url": `ext::${stop}`,
    })),
    fire: git("ls-remote", "origin"),
  },
  {
    name: "url.insteadOf to a program",
    plant: config(({ stop }) => ({
      "protocol.ext.allow": "always",
      [`url.ext::${stop} .insteadOf`]: "plain:",
    })),
    fire: git("ls-remote", "plain:x"),
  },
  {
    name: "the upload-pack of a remote",
    plant: config(({ stop, project }) => ({
      "remote.origin.url": project,
      "remote.origin.uploadpack": stop,
    })),
    fire: git("ls-remote", "origin"),
  },
  {
    name: "the receive-pack of a remote",
    plant: config(({ stop, project }) => ({
      "remote.origin.url": project,
      "remote.origin.receivepack": stop,
    })),
    fire: git("push", "origin", "HEAD:refs/heads/x"),
  },
  {
    name: "core.alternateRefsCommand",
    plant: config(({ evil }) => ({ "core.alternateRefsCommand": evil })),
    fire: git("rev-list", "--alternate-refs"),
  },
  {
    name: "an alias",
    plant: config(({ evil }) => ({ "alias.st": `!${evil}` })),
    fire: git("st"),
  },
  {
    name: "a trailer command",
    plant: config(({ evil }) => ({ "trailer.x.command": evil, "trailer.x.key": "X" })),
    fire: (on) => on.gitWith({ input: "t\n" }, "interpret-trailers", "--trailer", "x=1"),
  },
  {
    name: "a command for archives",
    plant: config(({ evil }) => ({ "tar.x.command": evil })),
    fire: git("archive", "--format=x", "HEAD"),
  },
  {
    name: "a difftool",
    plant: config(({ evil }) => ({ "difftool.x.cmd": evil, "diff.tool": "x" })),
    fire: changed("difftool", "-y"),
  },
];
