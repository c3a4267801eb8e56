import { expect, test } from "bun:test";
import { existsSync, mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { nextCommit } from "./commits.ts";
import { makeRepository } from "./fixture.ts";

/** As a git of a killed `ra` leaves it; `mark`: the `ra` had told that it would take it. */
function leaveLock(dir: string, mark: boolean, name = "packed-refs.lock"): string {
  const state = join(dir, ".git", "ra");
  mkdirSync(state, { recursive: true });
  const lock = join(dir, ".git", name);
  // No process has so high an id.
  if (mark) writeFileSync(join(state, "ref-locks.4194305-1.1"), lock);
  writeFileSync(lock, "# pack-refs\n");
  return lock;
}

test("the lock that a killed git of a dead ra left on the packed refs goes, and refs can be deleted again", async () => {
  const fixture = makeRepository();
  const repository = await fixture.open();
  await repository.pin("refs/ra/r7k2/api/1", fixture.head());
  const lock = leaveLock(fixture.dir, true);

  const told = await repository.mend();
  await repository.tidy("r7k2");

  expect(told).toEqual([expect.stringContaining("packed-refs.lock")]);
  expect(existsSync(lock)).toBe(false);
  expect(fixture.git("for-each-ref", "--format=%(refname)", "refs/ra/**/*.base")).toBe("");
});

test("the lock of somebody else stays, and so does one that is being written", async () => {
  const fixture = makeRepository();
  const repository = await fixture.open();
  const lock = leaveLock(fixture.dir, false);

  const foreign = await repository.mend();
  leaveLock(fixture.dir, true);
  await using held = await open(lock, "a");
  const written = await repository.mend();

  expect([foreign, written]).toEqual([[], []]);
  expect(held.fd > 0 && existsSync(lock)).toBe(true);
});

test("a lock that a killed git left on the target is gone before the next landing, whoever was killed with it", async () => {
  const fixture = makeRepository();
  const repository = await fixture.open();
  const from = fixture.head();
  const to = await nextCommit(fixture, repository, { "a.txt": "b\n" });
  const lock = leaveLock(fixture.dir, true, "refs/heads/main.lock");

  const published = await repository.publish({ target: "main", from, to });

  expect(published).toEqual({ kind: "landed" });
  expect(existsSync(lock)).toBe(false);
});

test("a git that is killed while it moves the target leaves no lock to this ra", async () => {
  const fixture = makeRepository();
  const bin = join(dirname(fixture.dir), "bin");
  const once = join(bin, "once");
  mkdirSync(bin);
  const lock = join(fixture.dir, ".git", "refs", "heads", "main.lock");
  const wrapper = [
    "#!/bin/sh",
    `case "$*" in *"-m ra: land refs/heads/main"*) if mkdir '${once}' 2>/dev/null; then : > '${lock}'; kill -9 $$; fi ;; esac`,
    `exec '${Bun.which("git")}' "$@"`,
  ];
  writeFileSync(join(bin, "git"), `${wrapper.join("\n")}\n`, { mode: 0o755 });
  fixture.env.PATH = `${bin}:${fixture.env.PATH}`;
  const repository = await fixture.open();
  const from = fixture.head();
  const to = await nextCommit(fixture, repository, { "a.txt": "b\n" });

  const published = await repository.publish({ target: "main", from, to });

  expect(published).toEqual({ kind: "landed" });
  expect([existsSync(once), existsSync(lock)]).toEqual([true, false]);
});

test("a lock on the target that came long after the mark is somebody else's", async () => {
  const fixture = makeRepository();
  const repository = await fixture.open();
  const lock = leaveLock(fixture.dir, true, "refs/heads/main.lock");
  const later = new Date(Date.now() + 120_000);
  utimesSync(lock, later, later);

  const told = await repository.mend();

  expect(told).toEqual([]);
  expect(existsSync(lock)).toBe(true);
});
