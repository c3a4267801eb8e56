import { expect, test } from "bun:test";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { makeRepository } from "./fixture.ts";

/** As a git of a killed `ra` leaves it; `mark`: the `ra` had told that it deletes refs. */
function leaveLock(dir: string, mark: boolean): string {
  const state = join(dir, ".git", "ra");
  mkdirSync(state, { recursive: true });
  // No process has so high an id.
  if (mark) writeFileSync(join(state, "deleting-refs.4194305-1"), "");
  const lock = join(dir, ".git", "packed-refs.lock");
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

  expect(told).toEqual([expect.stringContaining("packed refs")]);
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
