import { expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findPlace } from "../../core/workspace/place.ts";
import { openRepository } from "../../core/workspace/repository.ts";
import { temporaryDirectory } from "../support/leftovers.ts";
import { makeRepository, request, write } from "./fixture.ts";

/** Enough for every git of a tidying, and one more. */
const gitsMax = 20;

/** Tidies up after a run whose `ra` died, with a git that fails from its call number `from` on, and once more without. */
async function brokenOff(from: number) {
  const fixture = makeRepository();
  const before = await fixture.open();
  await before.open(request(fixture, { isolation: "worktree" }));
  const indexes = join(fixture.dir, ".git", "ra", "control.git", "indexes");
  mkdirSync(indexes, { recursive: true });
  writeFileSync(join(indexes, "r7k2.api"), "");
  const [counter, bin] = [join(temporaryDirectory(), "calls"), temporaryDirectory()];
  const real = Bun.which("git") ?? "";
  const count = `echo >> ${counter}; [ "$(wc -l < ${counter})" -lt ${from} ] || exit 128`;
  write(bin, { git: `#!/bin/sh\nif [ -e ${counter} ]; then ${count}; fi\nexec ${real} "$@"\n` });
  chmodSync(join(bin, "git"), 0o755);
  const path = `${bin}:${fixture.env.PATH}`;
  const env = { ...fixture.env, PATH: path, RA_WORKSPACES: fixture.workspaces };
  const repository = await openRepository(findPlace(fixture.dir), { env });
  writeFileSync(counter, "");

  const failed = await repository.tidy("r7k2").then(
    () => false,
    () => true,
  );
  const standing = await before.standingRuns();
  const isLeft = existsSync(join(indexes, "r7k2.api"));
  await before.tidy("r7k2");
  const worktrees = fixture.git("worktree", "list", "--porcelain").split("\n\n").length;
  return { failed, isLeft, standing, after: await before.standingRuns(), worktrees };
}

test("a tidying that is broken off leaves the directory of the run, and the next one ends it", async () => {
  const ends = [];
  do ends.push(await brokenOff(ends.length + 1));
  while (ends.at(-1)?.failed && ends.length < gitsMax);

  const last = ends.pop();
  expect(ends.length).toBeGreaterThan(1);
  for (const { standing } of ends) expect(standing).toEqual(["r7k2"]);
  for (const { after, worktrees } of ends) expect([after, worktrees]).toEqual([[], 1]);
  expect(last).toEqual({ failed: false, isLeft: false, standing: [], after: [], worktrees: 1 });
});
