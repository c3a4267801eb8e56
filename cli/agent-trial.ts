import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert } from "../core/assert.ts";
import type { ExitCode } from "../core/error.ts";
import { allRuns } from "../core/registry/query.ts";
import { Registry } from "../core/registry/registry.ts";
import type { TaskState } from "../core/run/state.ts";
import { bindGit } from "../core/workspace/git.ts";
import { findPlace } from "../core/workspace/place.ts";
import type { Terminal } from "./command.ts";
import { run as dispatch } from "./commands/dispatch.ts";

/** What an agent did with a tiny task. */
export interface Trial {
  readonly exitCode: ExitCode;
  /** Null when it could not even be started; why is on standard error then. */
  readonly task: TaskState | null;
}

const file = "hello.txt";

/** The time after which a trial gives up, waits for a provider included. */
const timeLimit = "3m";

/** Lets a runner do a tiny task in a throw-away repository, by the real engine, with the user's own settings and logins. */
export async function tryAgent(terminal: Terminal, runner: string): Promise<Trial> {
  const directory = mkdtempSync(join(tmpdir(), "ra-agent-"));
  try {
    const path = join(directory, "trial");
    mkdirSync(path);
    const env = { ...terminal.env, RA_WORKSPACES: join(directory, "workspaces") };
    const { run } = bindGit(path, env);
    await run(["init", "--quiet", "--initial-branch=main"]);
    await run(["config", "user.name", "Ra Trial"]);
    await run(["config", "user.email", "trial@ra.invalid"]);
    await run(["commit", "--quiet", "--allow-empty", "--message=An empty start"]);
    writeFileSync(join(path, "plan.json"), JSON.stringify(planFor(runner)));
    const inside: Terminal = { ...terminal, cwd: path, env, interactive: false };
    const exitCode = await dispatch({
      terminal: inside,
      args: ["plan.json"],
      options: { auto: true },
    });
    return { exitCode, task: await lastTask(path) };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function planFor(runner: string): object {
  const prompt = `Create the file ${file} with the single line "hello" in it, and nothing else.`;
  const work = runner === "shell" ? { run: `echo hello > ${file}` } : { prompt, runner };
  const limits = { timeout: timeLimit, verify: `grep -qi hello ${file}` };
  const task = { id: "hello", touching: [file], scope: "warn", ...work, ...limits };
  return { version: 1, name: `trial of ${runner}`, budget: { time: timeLimit }, tasks: [task] };
}

async function lastTask(path: string): Promise<TaskState | null> {
  await using registry = await Registry.open(findPlace(path));
  const id = allRuns(registry.database).at(-1);
  assert(id !== undefined, "a trial that was dispatched has a run");
  return (await registry.state(id))?.tasks.get("hello") ?? null;
}
