import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { AttemptEnd } from "../../core/dispatch/attempt.ts";
import { type Carried, carryOn, type Start } from "../../core/dispatch/carry.ts";
import type { Outcome } from "../../core/run/model.ts";
import { filesOf, makeRepository, request, resultOf, write } from "../workspace/fixture.ts";

type Files = Record<string, string>;

interface Scene {
  /** What landed while the first attempt ran, and what that left. */
  readonly landed: Files;
  readonly left: Files;
  /** What the second attempt does. */
  readonly work: Files;
  readonly outcome?: Outcome;
}

/** Lets a second attempt go on with the files of a first one, and gives what became of it. */
async function goOn({ landed, left, work, outcome }: Scene) {
  const fixture = makeRepository({ "a.txt": "a\n", "b.txt": "b\n" });
  const repository = await fixture.open();
  const base = fixture.head();
  const result = (task: string, files: Files) =>
    resultOf(repository, request(fixture, { task, base }), (dir) => write(dir, files));
  const tip = await result("other", landed);
  const kept = await result("task", left);
  const ref = "refs/ra/r7k2/task/2";
  const seen: { start?: Start & { carried: Carried }; path?: string; found?: string } = {};
  const end = await carryOn({ repository, tip, kept, ref }, async (start): Promise<AttemptEnd> => {
    const wanted = request(fixture, { task: "task", attempt: 2, base: start.base ?? "" });
    const workspace = await repository.open({ ...wanted, lasting: true });
    const found = readFileSync(join(workspace.path, "a.txt"), "utf8");
    Object.assign(seen, { start, path: workspace.path, found });
    write(workspace.path, work);
    const snapshot = await workspace.snapshot("second");
    await workspace.close();
    const done: Outcome = snapshot?.unchanged
      ? { kind: "unchanged" }
      : { kind: "succeeded", commit: snapshot?.commit ?? null };
    const nothing = async (): Promise<void> => {};
    const rest = { usage: null, durationMs: 1, notes: [], findings: [], base: start.base };
    return { ...rest, snapshot, outcome: outcome ?? done, restore: nothing, close: nothing };
  });
  return { fixture, repository, tip, ref, seen, end };
}

const mine = { "a.txt": "a\nhalf\n" };
const theirs = { "b.txt": "theirs\n" };

test("the files of the attempt before stand on what has landed, and the result is the work of both", async () => {
  const { fixture, tip, ref, seen, end } = await goOn({
    landed: theirs,
    left: mine,
    work: { "a.txt": "a\nhalf\nwhole\n" },
  });

  expect([seen.start?.carried, seen.start?.onto, seen.found]).toEqual(["kept", tip, "a\nhalf\n"]);
  expect(basename(seen.path ?? "")).toBe("task");
  const commit = fixture.git("rev-parse", ref);
  expect(end).toMatchObject({ outcome: { kind: "succeeded", commit }, base: tip });
  expect(fixture.git("rev-parse", `${commit}^`)).toBe(tip);
  expect(filesOf(fixture, commit)).toEqual({
    "a.txt": "100644 a\nhalf\nwhole",
    "b.txt": "100644 theirs",
  });
  expect(end.snapshot?.changes).toEqual([{ path: "a.txt", change: "modified" }]);
});

test("an attempt that finds nothing left to do has done what the one before did", async () => {
  const { fixture, ref, end } = await goOn({ landed: theirs, left: mine, work: {} });

  const commit = fixture.git("rev-parse", ref);
  expect(end.outcome).toEqual({ kind: "succeeded", commit });
  expect(end.snapshot?.changes).toEqual([{ path: "a.txt", change: "modified" }]);
});

test("an attempt that takes all of it back has changed nothing", async () => {
  const { end } = await goOn({ landed: theirs, left: mine, work: { "a.txt": "a\n" } });

  expect(end.outcome).toEqual({ kind: "unchanged" });
});

test("an attempt that fails keeps the work of both", async () => {
  const outcome: Outcome = { kind: "timed-out", afterMs: 1 };
  const work = { "c.txt": "c\n" };
  const { fixture, tip, ref, end } = await goOn({ landed: theirs, left: mine, work, outcome });

  expect(end).toMatchObject({ outcome, base: tip, snapshot: { unchanged: false } });
  expect(Object.keys(filesOf(fixture, ref))).toEqual(["a.txt", "b.txt", "c.txt"]);
  expect(fixture.git("rev-parse", `${ref}^`)).toBe(tip);
});

test("files that clash with what has landed are not carried on", async () => {
  const landed = { "a.txt": "other\n" };
  const { tip, seen, end } = await goOn({ landed, left: mine, work: {} });

  expect(seen).toMatchObject({
    start: { base: tip, onto: null, carried: "gone" },
    found: "other\n",
  });
  expect(end.outcome).toEqual({ kind: "unchanged" });
});

test("files that have landed all the same are there without any carrying", async () => {
  const { tip, seen } = await goOn({ landed: mine, left: mine, work: {} });

  expect(seen.start).toEqual({ base: tip, onto: null, carried: "kept" });
});
