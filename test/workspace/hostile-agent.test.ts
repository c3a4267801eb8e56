import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { agentGitEnvironment } from "../../core/workspace/agent-environment.ts";
import {
  commitFiles,
  digest,
  filesOf,
  gitIn,
  makeRepository,
  openWorkspace,
  tryGit,
  write,
} from "./fixture.ts";

/** What `ra` itself writes in the user's `.git`. */
const ownState = ["ra"];

describe("a clone with a hostile agent in it", () => {
  test("keeps whatever git an agent runs away from the user's repository", async () => {
    const fixture = makeRepository({ "a.txt": "a\n", "b.txt": "b\n" });
    fixture.git("branch", "precious");
    write(fixture.dir, { "stashed.txt": "s" });
    fixture.git("stash", "-q", "-u");
    const repository = await fixture.open();
    const workspace = await openWorkspace(repository, fixture);
    const before = digest(join(fixture.dir, ".git"), ownState);
    const agent = (...args: string[]) => tryGit(workspace.path, fixture.env, ...args);

    write(workspace.path, {
      "a.txt": "x\n",
      ".git/hooks/pre-commit": "#!/bin/sh\ntouch /tmp/no\n",
    });
    agent("stash");
    agent("stash", "pop");
    agent("config", "core.hooksPath", "/tmp/evil");
    agent("branch", "-D", "main", "precious");
    agent("update-ref", "-d", "refs/heads/main");
    agent("tag", "v9");
    agent("commit", "-qam", "mine", "--no-verify");
    agent("reflog", "expire", "--expire=now", "--all");
    agent("gc", "--prune=now", "-q");
    agent("repack", "-adq");
    agent("push", "-q", "--force", fixture.dir, "HEAD:refs/heads/main");
    agent("push", "-q", "--force", join(fixture.dir, ".git"), "HEAD:refs/heads/stolen");
    agent("worktree", "prune");

    expect(digest(join(fixture.dir, ".git"), ownState)).toBe(before);
    const snapshot = await workspace.snapshot("work");
    expect(filesOf(fixture, snapshot!.commit)["a.txt"]).toBe("100644 x");
    await workspace.close();
  });

  test("runs no program that an agent plants, neither at capture nor at merge", async () => {
    const fixture = makeRepository({ "a.txt": "a\n" });
    const mark = join(fixture.dir, "../mark");
    const repository = await fixture.open();
    const workspace = await openWorkspace(repository, fixture);
    const evil = `sh -c 'touch ${mark}; cat'`;
    const config = (key: string, value: string) =>
      gitIn(workspace.path, fixture.env, "config", key, value);
    for (const key of ["filter.x.clean", "filter.x.smudge", "merge.x.driver", "diff.x.textconv"]) {
      config(key, evil);
    }
    config("core.fsmonitor", evil);
    write(workspace.path, { ".gitattributes": "* filter=x merge=x diff=x\n", "a.txt": "b\n" });
    for (const hook of ["pre-commit", "post-index-change", "reference-transaction"]) {
      write(workspace.path, { [`.git/hooks/${hook}`]: `#!/bin/sh\ntouch ${mark}\n` });
      chmodSync(join(workspace.path, ".git/hooks", hook), 0o755);
    }
    gitIn(workspace.path, fixture.env, "init", "-q", "inner");
    rmSync(mark, { force: true });

    const snapshot = await workspace.snapshot("work");
    const ours = commitFiles(fixture, { "c.txt": "c" });
    const merged = await repository.merge({
      base: workspace.base!,
      ours,
      theirs: snapshot!.commit,
    });

    expect(merged.kind).toBe("clean");
    expect(existsSync(mark)).toBe(false);
    await workspace.close();
  });

  test("runs no program that an agent plants in a submodule", async () => {
    const inner = makeRepository();
    const fixture = makeRepository();
    const allow = ["-c", "protocol.file.allow=always"];
    fixture.git(...allow, "submodule", "--quiet", "add", inner.dir, "sub");
    commitFiles(fixture, {});
    const mark = join(fixture.dir, "../mark");
    const repository = await fixture.open();
    const workspace = await openWorkspace(repository, fixture);
    const sub = join(workspace.path, "sub");
    gitIn(workspace.path, fixture.env, ...allow, "submodule", "--quiet", "update", "--init");
    const gitDir = gitIn(sub, fixture.env, "rev-parse", "--absolute-git-dir");
    gitIn(sub, fixture.env, "config", "filter.x.clean", `sh -c 'touch ${mark}; cat'`);
    write(gitDir, { "info/attributes": "* filter=x\n" });
    write(sub, { "a.txt": "b\n" });
    tryGit(sub, fixture.env, "status");
    const fires = existsSync(mark);
    rmSync(mark, { force: true });

    const snapshot = await workspace.snapshot("work");

    expect(fires).toBe(true);
    expect(existsSync(mark)).toBe(false);
    expect(snapshot!.unchanged).toBe(true);
    await workspace.close();
  });

  test("blocks pushes by environment as well", () => {
    const fixture = makeRepository();
    const other = join(fixture.dir, "../other.git");
    mkdirSync(other);
    gitIn(other, fixture.env, "init", "-q", "--bare");
    const env = { ...fixture.env, ...agentGitEnvironment(fixture.dir) };

    const push = () => gitIn(fixture.dir, env, "push", other, "main");

    expect(push).toThrow("ra-push-blocked");
  });
});
