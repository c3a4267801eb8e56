import { Bug } from "../../core/assert.ts";
import { ExitCode } from "../../core/error.ts";
import { jsonText } from "../../core/plain-text.ts";
import { findRun } from "../../core/registry/find-run.ts";
import type { Registry } from "../../core/registry/registry.ts";
import type { RunState } from "../../core/run/state.ts";
import { findPlace } from "../../core/workspace/place.ts";
import { demandTask, splitAddress } from "../address.ts";
import type { CommandBody } from "../command.ts";
import { flag } from "../option.ts";
import { demandRecorded } from "../recorded.ts";
import { runView, taskView } from "../view/show.ts";
import { runJson, taskJson } from "../view/show-json.ts";

/** `ra show RUN[/TASK]`: one run, or one task with its attempts. */
export const run: CommandBody = async ({ terminal, args, options }) => {
  const address = splitAddress(args[0] ?? "");
  await using registry = await demandRecorded(findPlace(terminal.cwd));
  await registry.reap();
  const state = await stateOf(registry, address.run);
  const task = address.task === null ? null : demandTask(state, address.task);
  if (flag(options, "json")) {
    terminal.out(
      `${jsonText({ v: 1, ...(task === null ? runJson(state) : taskJson(state, task)) })}\n`,
    );
  } else {
    const width = terminal.columns;
    terminal.out(task === null ? runView(state, width) : taskView(state, task, width));
  }
  return ExitCode.ok;
};

async function stateOf(registry: Registry, text: string): Promise<RunState> {
  const id = findRun(registry.database, text);
  const state = await registry.state(id);
  if (!state) throw new Bug(`run ${id} is listed, but has no events`);
  return state;
}
