import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { gitIn, makeRepository, openWorkspace } from "./fixture.ts";

describe("a linked worktree", () => {
  test("is listed, locked and detached, and leaves no trace when closed", async () => {
    const fixture = makeRepository();
    const repository = await fixture.open();

    const workspace = await openWorkspace(repository, fixture, { isolation: "worktree" });

    const listed = fixture.git("worktree", "list", "--porcelain");
    expect(listed).toContain(`worktree ${workspace.path}`);
    expect(listed).toContain("locked ra r7k2");
    expect(gitIn(workspace.path, fixture.env, "status", "--porcelain")).toBe("");
    await workspace.close();
    expect(fixture.git("worktree", "list").split("\n")).toHaveLength(1);
    expect(existsSync(join(fixture.dir, ".git/worktrees"))).toBe(false);
  });

  test("opens sixteen at once and removes only its own", async () => {
    const fixture = makeRepository();
    const mine = join(fixture.dir, "../mine");
    fixture.git("worktree", "add", "-q", "-b", "mine", mine);
    const repository = await fixture.open();
    const open = (_: unknown, i: number) =>
      openWorkspace(repository, fixture, { task: `t${i}`, isolation: "worktree" });

    const workspaces = await Promise.all(Array.from({ length: 16 }, open));

    expect(fixture.git("worktree", "list").split("\n")).toHaveLength(18);
    await Promise.all(workspaces.slice(1).map((workspace) => workspace.close()));
    await repository.tidy("r7k2");
    expect(fixture.git("worktree", "list").split("\n")).toHaveLength(2);
  });

  test("takes the place of the one a crash left", async () => {
    const fixture = makeRepository();
    await openWorkspace(await fixture.open(), fixture, { isolation: "worktree" });
    const repository = await fixture.open();

    const workspace = await openWorkspace(repository, fixture, { isolation: "worktree" });

    expect(fixture.git("worktree", "list").split("\n")).toHaveLength(2);
    await workspace.close();
  });
});
