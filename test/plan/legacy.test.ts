import { describe, expect, test } from "bun:test";
import { loadPlan } from "../../core/plan/load.ts";
import { type DispatchChanges, writeBack } from "../../core/plan/write-back.ts";

const runners = ["kilo", "claude", "gemini", "shell"];

const dispatch = `{
  "timestamp": "2026-11-21T10:00:00Z",
  "status": "approved",
  "project": "shop",
  "chat": { "id": 7, "tasks": "none" },
  "tasks": [
    { "id": 1, "description": "Add a table", "summary": "With tests.", "difficulty": 4, "tier": "mid",
      "platform": "Gemini", "model": "flash", "deps": [], "taskStatus": "done", "owner": "ann" },
    { "id": 2, "description": "Use it", "parallel": true, "deps": [1], "platform": null, "error": null }
  ]
}
`;

function load(text: string) {
  const plan = loadPlan(text, { runners });
  if (!plan.ok) throw new Error(plan.error.map(({ message }) => message).join("\n"));
  return plan.value;
}

describe("a dispatch file", () => {
  test("is read as it is", () => {
    const plan = load(dispatch);

    expect(plan).toMatchObject({ name: "shop", mode: "step-through", format: "dispatch" });
    expect(plan.tasks[0]).toMatchObject({
      id: "1",
      description: "Add a table",
      work: { kind: "prompt", prompt: "Add a table\n\nWith tests." },
      runner: "gemini",
      model: "flash",
      tier: "mid",
      difficulty: 4,
      parallel: false,
      done: true,
    });
    expect(plan.tasks[1]).toMatchObject({
      id: "2",
      work: { kind: "prompt", prompt: "Use it" },
      runner: "kilo",
      model: null,
      parallel: true,
      deps: ["1"],
      done: false,
    });
  });

  test("may be YAML and may ask for auto", () => {
    const plan = load("status: approved\nmode: auto\ntasks:\n  - {id: 1, description: x}\n");

    expect([plan.mode, plan.name, plan.tasks.length]).toEqual(["auto", "dispatch", 1]);
  });

  test("with a version is a plan and has to be one", () => {
    const plan = loadPlan(dispatch.replace("{", '{ "version": 1,'), { runners });

    expect(plan.ok).toBe(false);
  });
});

describe("writing back", () => {
  const changes = (...tasks: DispatchChanges["tasks"]): DispatchChanges => ({ tasks });

  test("changes the words it has to and nothing else", () => {
    const after = writeBack(dispatch, {
      status: "completed",
      tasks: [
        { id: "1", taskStatus: "error", error: 'it said "no"' },
        { id: "2", taskStatus: "done", error: null },
      ],
    });

    expect(after).toBe(
      dispatch
        .replace('"approved"', '"completed"')
        .replace('"done", "owner": "ann"', '"error", "owner": "ann", "error": "it said \\"no\\""')
        .replace('"error": null', '"error": null, "taskStatus": "done"'),
    );
  });

  test("adds keys on lines of their own where the others stand so", () => {
    const text = JSON.stringify(
      { status: "approved", tasks: [{ id: 1, deps: [2] }, { id: 2 }] },
      null,
      4,
    );

    const after = writeBack(text, changes({ id: "1", taskStatus: "error", error: "x" }));

    const expected = {
      status: "approved",
      tasks: [{ id: 1, deps: [2], taskStatus: "error", error: "x" }, { id: 2 }],
    };
    expect(after).toBe(JSON.stringify(expected, null, 4));
  });

  test("keeps a file on one line, a byte order mark and Windows line ends", () => {
    const tight = '{"status":"approved","tasks":[{"id":"a"}]}';
    const windows = '\uFEFF{\r\n  "status": "approved",\r\n  "tasks": [{ "id": "a" }]\r\n}\r\n';

    expect(writeBack(tight, changes({ id: "a", taskStatus: "done" }))).toBe(
      '{"status":"approved","tasks":[{"id":"a","taskStatus":"done"}]}',
    );
    expect(writeBack(windows, changes({ id: "a", taskStatus: "done" }))).toBe(
      windows.replace('"a" }', '"a", "taskStatus": "done" }'),
    );
  });

  test("keeps the comments of YAML", () => {
    const text = "# ours\nstatus: approved\ntasks:\n  - id: 1 # first\n    description: x\n";

    const after = writeBack(text, { status: "stopped", tasks: [{ id: "1", taskStatus: "done" }] });

    expect(after).toBe(
      "# ours\nstatus: stopped\ntasks:\n  - id: 1 # first\n    description: x\n    taskStatus: done\n",
    );
  });

  test("passes over tasks that have gone", () => {
    expect(writeBack(dispatch, changes({ id: "9", taskStatus: "done" }))).toBe(dispatch);
  });

  test.each(["", "[]", '{"status": ', '{"tasks": 7}', "tasks: [", "null"])(
    "gives up on %p",
    (text) => {
      expect(writeBack(text, changes({ id: "1", taskStatus: "done" }))).toBeNull();
    },
  );
});
