import { describe, expect, test } from "bun:test";
import { chmodSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import {
  commitFiles,
  type Fixture,
  gitIn,
  listing,
  makeRepository,
  openWorkspace,
  write,
} from "./fixture.ts";

/** A repository whose checkout shows what can go wrong with one: line ends, rights, links, odd names. */
function makeOdd(): Fixture {
  const fixture = makeRepository({
    ".gitattributes": "*.crlf eol=crlf\n*.bin -text\n",
    "win.crlf": "a\nb\n",
    "x.bin": "\0\r\n",
    "dir/with space/ü\n.txt": "u\n",
    "-dash": "d\n",
    empty: "",
  });
  write(fixture.dir, { "run.sh": "#!/bin/sh\n" });
  chmodSync(join(fixture.dir, "run.sh"), 0o755);
  symlinkSync("run.sh", join(fixture.dir, "link"));
  symlinkSync("nowhere", join(fixture.dir, "dir/dangling"));
  commitFiles(fixture, {});
  return fixture;
}

/** What a fresh checkout of HEAD by git itself holds. */
function freshCheckout(fixture: Fixture): readonly string[] {
  const fresh = join(fixture.dir, "../fresh");
  fixture.git("clone", "-q", ".", fresh);
  return listing(fresh, "", [".git"]);
}

/** Opens workspaces all at once, compares each with a fresh checkout, and closes them. Gives what was wrong. */
async function openAtOnce(
  fixture: Fixture,
  count: number,
  run: string,
  expected: readonly string[],
): Promise<readonly string[]> {
  const repository = await fixture.open();
  const opened = await Promise.allSettled(
    Array.from({ length: count }, (_, i) =>
      openWorkspace(repository, fixture, { run, task: `t${i}` }),
    ),
  );
  const wrong: string[] = [];
  for (const [i, one] of opened.entries()) {
    if (one.status === "rejected") {
      wrong.push(`${i}: ${one.reason}`);
      continue;
    }
    const { path } = one.value;
    const files = listing(path, "", [".git"]);
    if (files.join("\n") !== expected.join("\n")) wrong.push(`${i}: files differ`);
    // Each would take as long again as the workspace itself; what git compares was compared above.
    if (i % 4 === 0) {
      const status = gitIn(path, fixture.env, "status", "--porcelain", "--ignored");
      if (status !== "") wrong.push(`${i}: ${status}`);
    }
    await one.value.close();
  }
  await repository.tidy(run);
  return wrong;
}

describe("workspaces that are opened at once are each what a fresh checkout is:", () => {
  test("ten times thirty-two of them", async () => {
    const fixture = makeOdd();
    const expected = freshCheckout(fixture);
    const wrong: string[] = [];

    for (let round = 0; round < 10; round++) {
      wrong.push(...(await openAtOnce(fixture, 32, `r${round}`, expected)));
    }

    expect(expected).toHaveLength(11);
    expect(wrong).toEqual([]);
  }, 120_000);

  test("two hundred and fifty-six of them", async () => {
    const fixture = makeOdd();
    const expected = freshCheckout(fixture);

    const wrong = await openAtOnce(fixture, 256, "r256", expected);

    expect(wrong).toEqual([]);
    expect(fixture.git("for-each-ref", "refs/ra")).toBe("");
  }, 120_000);
});
