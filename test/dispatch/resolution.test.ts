import { describe, expect, test } from "bun:test";
import { existsSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { AttemptEnd } from "../../core/dispatch/attempt.ts";
import { type OpenConflict, resolve } from "../../core/dispatch/resolution.ts";
import type { Outcome } from "../../core/run/model.ts";
import { filesOf, makeRepository, request, resultOf, write } from "../workspace/fixture.ts";

const ledger = ".ra-dropped-lines";

type Work = (dir: string, conflict: OpenConflict) => void;

const writes =
  (files: Record<string, string>): Work =>
  (dir) =>
    write(dir, files);

interface Scene {
  readonly base?: Record<string, string>;
  readonly ours?: Work;
  readonly theirs?: Work;
  readonly outcome?: Outcome;
  readonly covers?: (path: string) => boolean;
}

/** Lets an agent do `work` on a conflict, and gives what became of it. */
async function answer(work: Work, scene: Scene = {}) {
  const fixture = makeRepository(
    scene.base ?? { "list.txt": "top\nzero\nend\n", "own.txt": "o\n" },
  );
  const repository = await fixture.open();
  const base = fixture.head();
  const left = (task: string, does: Work) =>
    resultOf(repository, request(fixture, { task, base }), (dir) => does(dir, {} as OpenConflict));
  const tip = await left("mine", scene.ours ?? writes({ "list.txt": "top\nmine\nend\n" }));
  const theirs = scene.theirs ?? writes({ "list.txt": "top\ntheirs\nend\n", "own.txt": "o\np\n" });
  const commit = await left("task", theirs);
  const ref = "refs/ra/r7k2/task/2";
  const clash = { attempt: 1, paths: ["list.txt"], with: ["mine"], base, commit };
  const covers = scene.covers ?? (() => false);
  const end = await resolve(
    { repository, ref, clash, tip, covers },
    { ours: "landed/mine", theirs: "task/task" },
    async (start, conflict): Promise<AttemptEnd> => {
      const wanted = request(fixture, { task: "task", attempt: 2, base: start });
      const workspace = await repository.open(wanted);
      work(workspace.path, conflict);
      const snapshot = await workspace.snapshot("answer");
      await workspace.close();
      const unchanged = snapshot?.unchanged ?? true;
      const done: Outcome = unchanged
        ? { kind: "unchanged" }
        : { kind: "succeeded", commit: snapshot?.commit ?? null };
      const nothing = async (): Promise<void> => {};
      const rest = { usage: null, durationMs: 1, notes: [], findings: [], base: start };
      return {
        ...rest,
        snapshot,
        outcome: scene.outcome ?? done,
        restore: nothing,
        close: nothing,
      };
    },
  );
  return { fixture, tip, end, ref, commit };
}

const both = "top\nmine\ntheirs\nend\n";

test("an answer that keeps both sides is a result on the tip, without the ledger", async () => {
  const { fixture, tip, end, ref } = await answer(writes({ "list.txt": both }));

  const commit = fixture.git("rev-parse", ref);
  expect(end.outcome).toEqual({ kind: "succeeded", commit });
  expect([end.base, fixture.git("rev-parse", `${commit}^`)]).toEqual([tip, tip]);
  expect(filesOf(fixture, commit)).toEqual({
    "list.txt": `100644 ${both.trim()}`,
    "own.txt": "100644 o\np",
  });
  expect(end.snapshot?.changes.map(({ path }) => path)).toEqual(["list.txt", "own.txt"]);
  expect(end.notes).toEqual([]);
});

test("lines that the ledger names may go, and are named", async () => {
  const { fixture, end, ref } = await answer(
    writes({ "list.txt": "top\nmine and theirs\nend\n", [ledger]: "  mine\n\ntheirs \nend\n" }),
  );

  expect(end.outcome.kind).toBe("succeeded");
  expect(end.notes).toEqual([
    "dropped `mine` of what had landed in list.txt",
    "dropped `theirs` of the task in list.txt",
  ]);
  expect(filesOf(fixture, ref)[ledger]).toBeUndefined();
});

describe("an answer is refused, and stays as the agent left it,", () => {
  const refusals: readonly (readonly [title: string, work: Work, message: string, Scene])[] = [
    [
      "when markers are left",
      (dir) => write(dir, { [ledger]: "x\n", "own.txt": "o\np\n\n" }),
      "conflict markers are left in list.txt",
      {},
    ],
    [
      "when only the line between the sides is left",
      writes({ "list.txt": "top\nmine\n=======\ntheirs\nend\n" }),
      "conflict markers are left in list.txt",
      {},
    ],
    [
      "when a line of what landed is gone",
      writes({ "list.txt": "top\ntheirs\nend\n" }),
      "lines are gone that `.ra-dropped-lines` does not name: `mine` of what had landed in list.txt",
      {},
    ],
    [
      "when a line of the task is gone",
      writes({ "list.txt": "top\nmine\nend\n" }),
      "lines are gone that `.ra-dropped-lines` does not name: `theirs` of the task in list.txt",
      {},
    ],
    [
      "when a line of the task is gone from a path that merged",
      writes({ "list.txt": both, "own.txt": "o\n" }),
      "lines are gone that `.ra-dropped-lines` does not name: `p` of the task in own.txt",
      {},
    ],
    [
      "when it changed another path",
      writes({ "list.txt": both, "else.txt": "x\n" }),
      "paths were changed beside the conflict: else.txt",
      {},
    ],
    ["when it changed nothing", () => {}, "the conflict was left as it was", {}],
    [
      "when a binary is not decided",
      writes({ [ledger]: "x\n" }),
      "no decision was made on list.txt.ra-landed, list.txt.ra-task",
      {
        base: { "list.txt": "\0" },
        ours: writes({ "list.txt": "\0one" }),
        theirs: writes({ "list.txt": "\0two" }),
      },
    ],
  ];
  test.each(refusals)("%s", async (_, work, message, scene) => {
    const { fixture, end, ref, commit } = await answer(work, scene);

    expect(end.outcome).toEqual({ kind: "failed", message });
    expect(fixture.git("rev-parse", "refs/ra/r7k2/task/1")).toBe(commit);
    const kept = fixture.git("for-each-ref", "--format=%(objectname)", ref);
    expect(kept).toBe(end.snapshot?.unchanged ? "" : (end.snapshot?.commit ?? "none"));
  });
});

test("a path that the task claims may be changed, too", async () => {
  const { end } = await answer(writes({ "list.txt": both, "src/new.txt": "x\n" }), {
    covers: (path) => path.startsWith("src/"),
  });

  expect(end.outcome.kind).toBe("succeeded");
});

test("lines that look like markers may stand where a side had them", async () => {
  const guide = "<<<<<<< ours\na\n=======\nb\n>>>>>>> theirs\n";
  const { end } = await answer(writes({ "list.txt": `${guide}mine\ntheirs\n` }), {
    base: { "list.txt": `${guide}zero\n` },
    ours: writes({ "list.txt": `${guide}mine\n` }),
    theirs: writes({ "list.txt": `${guide}theirs\n` }),
  });

  expect(end.outcome.kind).toBe("succeeded");
});

describe("a conflict without markers", () => {
  const binary: Scene = {
    base: { "logo.png": "\0" },
    ours: writes({ "logo.png": "\0one" }),
    theirs: writes({ "logo.png": "\0two" }),
  };

  test("is decided by moving one side into place and removing the other", async () => {
    const { fixture, end, ref } = await answer((dir) => {
      renameSync(join(dir, "logo.png.ra-task"), join(dir, "logo.png"));
      rmSync(join(dir, "logo.png.ra-landed"));
    }, binary);

    expect(end.outcome.kind).toBe("succeeded");
    expect(Object.keys(filesOf(fixture, ref))).toEqual(["logo.png"]);
    expect(fixture.git("cat-file", "blob", `${ref}:logo.png`)).toBe("\0two");
    expect(end.notes).toEqual(["the agent chose what becomes of logo.png"]);
  });

  const removal: Scene = {
    base: { "list.txt": "zero\n" },
    ours: (dir) => rmSync(join(dir, "list.txt")),
    theirs: writes({ "list.txt": "zero\nmore\n" }),
  };

  test("of a change and a removal does not let the changed lines go without a word", async () => {
    const { end } = await answer((dir) => rmSync(join(dir, "list.txt.ra-task")), removal);

    expect(end.outcome).toMatchObject({
      kind: "failed",
      message: expect.stringContaining("`more` of the task in list.txt"),
    });
  });

  test("of a change and a removal is decided by removing the file and naming its lines", async () => {
    const { end } = await answer((dir) => {
      rmSync(join(dir, "list.txt.ra-task"));
      write(dir, { [ledger]: "more\n" });
    }, removal);

    expect(end.outcome.kind).toBe("succeeded");
    expect(end.snapshot?.unchanged).toBe(true);
  });
});

test("an agent that failed has failed, whatever it left", async () => {
  const outcome: Outcome = { kind: "timed-out", afterMs: 5 };

  const { end } = await answer(writes({ "list.txt": both }), { outcome });

  expect(end.outcome).toEqual(outcome);
});

test("a result that merges by now is ready as it was, and no agent is asked", async () => {
  let asked = false;
  const { fixture, end, ref, commit } = await answer(
    (dir) => {
      asked = existsSync(dir);
    },
    { ours: writes({ "other.txt": "x\n" }) },
  );

  expect(asked).toBe(false);
  expect(end.outcome).toEqual({ kind: "succeeded", commit });
  expect(fixture.git("rev-parse", ref)).toBe(commit);
});
