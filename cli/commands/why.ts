import { ExitCode } from "../../core/error.ts";
import { jsonText } from "../../core/plain-text.ts";
import type { Registry } from "../../core/registry/registry.ts";
import { findPlace } from "../../core/workspace/place.ts";
import type { CommandBody } from "../command.ts";
import { namedRun } from "../ended-run.ts";
import { flag } from "../option.ts";
import { reasonOfRun, reasonOfTask } from "../reasons.ts";
import { demandRecorded } from "../recorded.ts";
import { runWhy, taskWhy } from "../view/why.ts";

/** `ra why RUN[/TASK]`: why a run or a task is where it is, and the commands that go on. */
export const run: CommandBody = async ({ terminal, args, options }) => {
  await using registry = await demandRecorded(findPlace(terminal.cwd));
  await registry.reap();
  const { state, task } = await namedRun(registry, args[0] ?? "");
  const json = flag(options, "json");
  if (task === null) {
    const reason = reasonOfRun(state);
    terminal.out(json ? `${jsonText({ v: 1, ...reason })}\n` : runWhy(reason));
    return ExitCode.ok;
  }
  const parkedFor =
    task.parkedUntil === null ? null : await parkMessage(registry, state.id, task.task.id);
  const reason = reasonOfTask(state, task, parkedFor);
  terminal.out(json ? `${jsonText({ v: 1, ...reason })}\n` : taskWhy(reason));
  return ExitCode.ok;
};

/** What a task was told when it was parked last; only the log has it. */
async function parkMessage(registry: Registry, run: string, task: string): Promise<string | null> {
  const events = await registry.read(run, 0);
  const last = events.findLast((event) => event.type === "task.parked" && event.task === task);
  return last?.type === "task.parked" ? last.message : null;
}
