import { expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { bindGit } from "../../core/workspace/git.ts";
import { DiffProcess } from "../../core/workspace/merge-process.ts";
import { temporaryDirectory } from "../support/leftovers.ts";
import { makeRepository, write } from "./fixture.ts";

test("a git that ended takes its own question with it, and not those that come after it", async () => {
  const fixture = makeRepository({ "a.txt": "a\n" });
  const top = temporaryDirectory();
  const bin = join(top, "bin");
  const fallen = join(top, "fallen");
  mkdirSync(bin);
  const real = Bun.which("git") ?? "";
  const script = `#!/bin/sh\ntest -e ${fallen} || { : > ${fallen}; kill -INT $$; }\nexec ${real} "$@"\n`;
  write(bin, { git: script });
  chmodSync(join(bin, "git"), 0o755);
  const tree = fixture.git("rev-parse", "HEAD^{tree}");
  const env = { ...fixture.env, PATH: `${bin}:${fixture.env.PATH}` };
  await using differ = new DiffProcess(bindGit(fixture.dir, env), {});

  const first = await differ.diff([tree, tree]).then(
    () => "answered",
    (error: Error) => error.message,
  );
  const second = await differ.diff([tree, tree]);

  expect(existsSync(fallen)).toBe(true);
  expect(first).toContain("git diff-tree");
  expect(second).toEqual([[]]);
});
