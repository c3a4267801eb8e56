import { expect, test } from "bun:test";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { dropSessionState, sessionStateDir } from "../../core/dispatch/session-state.ts";
import type { RunState } from "../../core/run/state.ts";
import { newTask, type TaskState } from "../../core/run/task.ts";
import { temporaryDirectory } from "../support/leftovers.ts";
import { makeTask } from "../support/rig.ts";

test("what a session needs stays as long as a resume may go on with it", async () => {
  const logs = temporaryDirectory("logs");
  const ended: Record<string, Partial<TaskState>> = {
    done: { status: "done" },
    failed: { status: "error", error: { kind: "failed", message: "no" } },
    dear: { status: "error", error: { kind: "budget", message: "used up" } },
    cut: { status: "stopped" },
    stopped: { status: "stopped", stoppedBy: "ann" },
    parked: { status: "parked" },
  };
  const tasks = new Map(
    Object.entries(ended).map(([id, change]) => {
      const state = { ...newTask(makeTask(id, { continueSession: true })), ...change };
      mkdirSync(sessionStateDir(logs, id), { recursive: true });
      writeFileSync(join(sessionStateDir(logs, id), "kilo.db"), "");
      writeFileSync(join(logs, id, "1.log"), "");
      return [id, state] as const;
    }),
  );

  await dropSessionState(logs, { tasks } as unknown as RunState);

  const left = [...tasks.keys()].filter((id) => existsSync(sessionStateDir(logs, id)));
  expect(left).toEqual(["dear", "cut", "parked"]);
  expect([...tasks.keys()].every((id) => existsSync(join(logs, id, "1.log")))).toBe(true);
});
