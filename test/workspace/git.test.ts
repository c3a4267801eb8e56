import { describe, expect, test } from "bun:test";
import { bindGit, older, parseVersion, requireGit } from "../../core/workspace/git.ts";
import { makeRepository, write } from "./fixture.ts";

describe("git", () => {
  test("runs without what GIT variables of the caller say", async () => {
    const fixture = makeRepository();
    const env = { ...fixture.env, GIT_DIR: "/nowhere", GIT_INDEX_FILE: "/nowhere" };

    const said = await bindGit(fixture.dir, env).run(["rev-parse", "HEAD"]);

    expect(said.trim()).toBe(fixture.head());
  });

  test("fails with the command and its own words", async () => {
    const fixture = makeRepository();

    const failed = bindGit(fixture.dir, fixture.env).run(["cat-file", "-p", "gone"]);

    await expect(failed).rejects.toMatchObject({
      code: "GIT_FAILED",
      exitCode: 6,
      message: "`git cat-file -p gone` failed (128): fatal: Not a valid object name gone",
    });
  });

  test("is named when it is not installed", async () => {
    const fixture = makeRepository();

    const failed = bindGit(fixture.dir, { PATH: fixture.dir }).run(["version"]);

    await expect(failed).rejects.toMatchObject({ code: "GIT_MISSING", exitCode: 6 });
  });

  test("is refused by name when it is too old", async () => {
    const fixture = makeRepository();
    write(fixture.dir, { "bin/git": "#!/bin/sh\necho git version 2.34.1\n" });
    Bun.spawnSync(["chmod", "+x", `${fixture.dir}/bin/git`]);
    const env = { ...fixture.env, PATH: `${fixture.dir}/bin:${fixture.env.PATH}` };

    const checked = requireGit(bindGit(fixture.dir, env));

    await expect(checked).rejects.toMatchObject({
      code: "GIT_TOO_OLD",
      message: "git 2.38 or newer is needed, and this is `git version 2.34.1`",
    });
  });

  test("versions are read from what every vendor prints and compared by number", () => {
    const apple = parseVersion("git version 2.39.5 (Apple Git-154)");

    expect(apple).toEqual([2, 39]);
    expect(parseVersion("hub 2")).toBeNull();
    expect(older([2, 9], [2, 38])).toBe(true);
    expect(older([3, 0], [2, 38])).toBe(false);
  });
});
