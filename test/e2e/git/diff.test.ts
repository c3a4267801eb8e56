import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ending, type TestRepository, testRepository } from "../../support/repository.ts";
import { openScreen } from "../cli/screen.ts";

const tasks = [
  { id: "one", run: "echo one > a.txt" },
  { id: "two", deps: ["one"], run: "echo two > b.txt" },
];

async function dispatched(repository: TestRepository, planned: readonly { id: string }[] = tasks) {
  const result = await repository.ra("dispatch", repository.plan(planned), "--json");
  return ending(result).run;
}

describe("ra diff", () => {
  test("prints the commit of a landed task as a patch that applies, and nothing else", async () => {
    const repository = testRepository({ "a.txt": "a\n" });
    const run = await dispatched(repository);
    const commit = repository.git("log", "-1", "--format=%H", "--grep=task one");
    // What others have brought since is not part of it.
    repository.commit({ "a.txt": "user\n" }, "of the user");

    const patch = await repository.ra("diff", `${run}/one`);

    expect([patch.code, patch.stderr]).toEqual([0, ""]);
    writeFileSync(join(repository.top, "patch"), patch.stdout);
    repository.git("checkout", "--quiet", `${commit}^`);
    repository.git("apply", join(repository.top, "patch"));
    expect(repository.git("diff", "--stat", commit)).toBe("");
    expect(patch.stdout.match(/^diff --git/gm)).toHaveLength(1);
  });

  test("keeps every byte of names and contents in a pipe", async () => {
    const repository = testRepository();
    const bytes =
      "printf '\\377\\033[31m\\000' > bin.dat; printf 'caf\\351\\033[2J\\n' > latin.txt";
    const run = await dispatched(repository, [{ id: "one", run: bytes } as { id: string }]);

    Bun.spawnSync(["sh", "-c", `"$RA" diff ${run}/one > "$OUT"`], {
      cwd: repository.dir,
      env: {
        ...repository.env,
        RA: await (await import("../../support/binary.ts")).raBinary(),
        OUT: join(repository.top, "patch"),
      },
    });

    const tree = repository.git("rev-parse", "main^{tree}");
    repository.git("checkout", "--quiet", "main^");
    repository.git("apply", "--index", join(repository.top, "patch"));
    expect(repository.git("write-tree")).toBe(tree);
  });

  test("sends a terminal nothing that it would obey, but its own colours", async () => {
    const repository = testRepository();
    const run = await dispatched(repository, [
      {
        id: "one",
        run: "printf 'a\\033[2Jb\\r\\342\\200\\256c\\n' > x.txt; echo n > $(printf 'n\\033[1mx')",
      } as { id: string },
    ]);

    const colored = await openScreen(repository, ["diff", run]);
    await colored.ended;
    const plain = await openScreen(repository, ["diff", run], { env: { NO_COLOR: "1" } });
    await plain.ended;

    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
    expect(plain.text).not.toMatch(/\u001b|\u202e/);
    expect(plain.text).toContain("+a<U+001B>[2Jb<U+000D><U+202E>c");
    expect(colored.text).toContain("\u001b[32m+a<U+001B>[2Jb<U+000D><U+202E>c\u001b[0m");
    expect(colored.text).not.toContain("\u001b[2J");
  });

  test("runs no diff driver, text conversion or pager of anybody", async () => {
    const repository = testRepository({ "a.txt": "a\n", ".gitattributes": "* diff=own\n" });
    const mark = join(repository.top, "fired");
    const driver = join(repository.top, "driver");
    writeFileSync(driver, `#!/bin/sh\ntouch ${mark}\n`);
    chmodSync(driver, 0o755);
    for (const name of [
      "diff.external",
      "diff.own.command",
      "diff.own.textconv",
      "core.pager",
      "pager.diff",
    ]) {
      repository.git("config", name, driver);
    }
    const run = await dispatched(repository);
    repository.git("diff", "HEAD^", "HEAD");
    const control = existsSync(mark);
    Bun.spawnSync(["rm", mark]);

    const patches = [
      await repository.ra("diff", run),
      await repository.ra("diff", `${run}/one`, "--stat"),
    ];

    expect([control, existsSync(mark)]).toEqual([true, false]);
    expect(patches.map(({ code }) => code)).toEqual([0, 0]);
    expect(patches[0]?.stdout).toContain("+one");
  });

  test("shows all of a run at once, as patch, sizes, names or JSON", async () => {
    const repository = testRepository({ "a.txt": "a\n" });
    const run = await dispatched(repository);

    const patch = await repository.ra("diff", run);
    const stat = await repository.ra("diff", run, "--stat");
    const names = await repository.ra("diff", run, "--name-only");
    const json = JSON.parse((await repository.ra("diff", run, "--json")).stdout);

    expect(patch.stdout.match(/^diff --git .*/gm)).toEqual([
      "diff --git a/a.txt b/a.txt",
      "diff --git a/b.txt b/b.txt",
    ]);
    expect(stat.stdout).toContain("2 files changed");
    expect(names.stdout).toBe("a.txt\nb.txt\n");
    expect(json.steps).toMatchObject([
      {
        from: repository.git("rev-parse", "main~2"),
        to: repository.git("rev-parse", "main"),
        paths: [
          { path: "a.txt", change: "modified" },
          { path: "b.txt", change: "added" },
        ],
        patch: patch.stdout,
      },
    ]);
    expect((await repository.ra("diff", run, "--stat", "--name-only")).code).toBe(2);
  });

  test("shows what is kept on the branch, and what each attempt left", async () => {
    const repository = testRepository({ "a.txt": "a\n" });
    repository.write({ "a.txt": "mine\n" });
    const retried = {
      id: "three",
      retries: { max: 1, backoff: "10ms" },
      verify: "false",
      run: "basename $RA_ATTEMPT > c.txt",
    };
    const run = await dispatched(repository, [...tasks, retried]);

    const all = await repository.ra("diff", run, "--name-only");
    const first = await repository.ra("diff", `${run}/three`, "--attempt", "1");
    const last = await repository.ra("diff", `${run}/three`);
    const missing = await repository.ra("diff", `${run}/three`, "--attempt", "9");

    expect(all.stdout).toBe("a.txt\nb.txt\n");
    expect(first.stdout).toEndWith("+1\n");
    expect(last.stdout).toEndWith("+2\n");
    expect(missing.code).toBe(2);
  });

  test("has nothing to show of a task that changed nothing", async () => {
    const repository = testRepository();
    const run = await dispatched(repository, [{ id: "one", run: "true" } as { id: string }]);

    const result = await repository.ra("diff", `${run}/one`);

    expect([result.code, result.stderr]).toEqual([2, expect.stringContaining("NOTHING_TO_SHOW")]);
  });
});
