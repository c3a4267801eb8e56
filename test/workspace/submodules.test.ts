import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  commitFiles,
  type Fixture,
  gitIn,
  makeRepository,
  openWorkspace,
  write,
} from "./fixture.ts";

const allow = ["-c", "protocol.file.allow=always"];
const note = "submodule `sub` holds work of its own: its directory is set aside";

function makeWithSubmodule(): Fixture {
  const inner = makeRepository({ "in.txt": "in\n" });
  inner.git("gc", "-q");
  const fixture = makeRepository();
  fixture.git(...allow, "submodule", "--quiet", "add", inner.dir, "sub");
  commitFiles(fixture, {});
  return fixture;
}

/** Lets an agent work in the submodule of a workspace. Gives the notes and the directory that was set aside, if any. */
async function workIn(
  fixture: Fixture,
  work: (sub: string, git: (...args: string[]) => string) => void,
): Promise<{ readonly notes: readonly string[]; readonly kept: string | null }> {
  const repository = await fixture.open();
  const workspace = await openWorkspace(repository, fixture);
  gitIn(workspace.path, fixture.env, ...allow, "submodule", "--quiet", "update", "--init");
  const sub = join(workspace.path, "sub");
  work(sub, (...args) => gitIn(sub, fixture.env, ...args));
  const snapshot = await workspace.snapshot("work");
  await workspace.close();
  const leftovers = join(workspace.path, "../../leftovers");
  const kept = existsSync(leftovers) ? join(leftovers, readdirSync(leftovers)[0]!) : null;
  return { notes: snapshot!.notes, kept };
}

describe("a submodule in a workspace", () => {
  test("that an agent only looked into is given up with the rest", async () => {
    const { notes, kept } = await workIn(makeWithSubmodule(), (_, git) => git("status"));

    expect(notes).toEqual([]);
    expect(kept).toBeNull();
  });

  test("is set aside when a file in it was changed", async () => {
    const { notes, kept } = await workIn(makeWithSubmodule(), (sub) =>
      write(sub, { "in.txt": "changed" }),
    );

    expect(notes).toContain(note);
    expect(readFileSync(join(kept!, "sub/in.txt"), "utf8")).toBe("changed");
  });

  test("is set aside when a file was added to it", async () => {
    const { notes, kept } = await workIn(makeWithSubmodule(), (sub) =>
      write(sub, { "new.txt": "new" }),
    );

    expect(notes).toContain(note);
    expect(readFileSync(join(kept!, "sub/new.txt"), "utf8")).toBe("new");
  });

  test("is set aside when something was committed in it", async () => {
    const fixture = makeWithSubmodule();
    const { notes, kept } = await workIn(fixture, (sub, git) => {
      write(sub, { "new.txt": "new" });
      git("add", "-A");
      git("-c", "user.name=n", "-c", "user.email=e", "commit", "-qm", "inside");
    });

    expect(notes).toContain(note);
    expect(gitIn(join(kept!, "sub"), fixture.env, "log", "-1", "--format=%s")).toBe("inside");
  });
});
