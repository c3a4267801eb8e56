import { join } from "node:path";
import { ExitCode } from "../../core/error.ts";
import { jsonText } from "../../core/plain-text.ts";
import { KnownCooldowns } from "../../core/registry/cooldowns.ts";
import { liveProcesses } from "../../core/registry/query.ts";
import type { Registry } from "../../core/registry/registry.ts";
import { findPlace } from "../../core/workspace/place.ts";
import type { CommandBody } from "../command.ts";
import { namedRun } from "../ended-run.ts";
import { flag } from "../option.ts";
import { type Parking, reasonOfRun, reasonOfTask, type TaskReason } from "../reasons.ts";
import { demandRecorded } from "../recorded.ts";
import { silentSince } from "../silence.ts";
import { runWhy, taskWhy } from "../view/why.ts";

/** `ra why RUN[/TASK]`: why a run or a task is where it is, and the commands that go on. */
export const run: CommandBody = async ({ terminal, args, options }) => {
  const place = findPlace(terminal.cwd);
  await using registry = await demandRecorded(place);
  await registry.reap();
  const { state, task } = await namedRun(registry, args[0] ?? "");
  const json = flag(options, "json");
  if (task === null) {
    const reason = reasonOfRun(state);
    terminal.out(json ? `${jsonText({ v: 1, ...reason })}\n` : runWhy(reason));
    return ExitCode.ok;
  }
  const parkedFor =
    task.parkedUntil === null ? null : await parking(registry, state.id, task.task.id);
  const live = liveProcesses(registry.database).find(
    (each) => each.run === state.id && each.taskId === task.task.id,
  );
  const silent = live ? silentSince(live, join(place.stateDir, "runs"), Date.now()) : null;
  const reason = asOfNow(reasonOfTask(state, task, parkedFor, silent), registry);
  terminal.out(json ? `${jsonText({ v: 1, ...reason })}\n` : taskWhy(reason));
  return ExitCode.ok;
};

/** What a task was told when it was parked last; only the log has it. */
async function parking(registry: Registry, run: string, task: string): Promise<Parking | null> {
  const events = await registry.read(run, 0);
  const last = events.findLast((event) => event.type === "task.parked" && event.task === task);
  return last?.type === "task.parked"
    ? { message: last.message, provider: last.provider ?? null }
    : null;
}

/** A task is told once that it waits for a provider; until when that refuses may have changed since. */
function asOfNow(reason: TaskReason, { database }: Registry): TaskReason {
  const { waiting } = reason;
  if (waiting?.kind !== "cooldown") return reason;
  const standing = new KnownCooldowns(database).standing(undefined, Date.now());
  const now = standing.find(({ provider }) => provider === waiting.provider);
  return now === undefined ? reason : { ...reason, waiting: { ...waiting, until: now.until } };
}
