import { previewRollback, type RollbackOrder, rollBack } from "../../core/dispatch/rollback.ts";
import { ExitCode } from "../../core/error.ts";
import { jsonText, oneLine } from "../../core/plain-text.ts";
import { findPlace, type Place } from "../../core/workspace/place.ts";
import type { CommandBody, Terminal } from "../command.ts";
import { composeCheck } from "../compose.ts";
import { loadConfig } from "../config.ts";
import { refuseDriven } from "../driven.ts";
import { groundOf, interrupted, namedRun } from "../ended-run.ts";
import { eventLine } from "../event-line.ts";
import { holdRun } from "../hold.ts";
import { flag } from "../option.ts";
import { demandRecorded } from "../recorded.ts";
import { runnerNames } from "../runner-names.ts";
import { say } from "../say.ts";
import { abortOnSignal } from "../signals.ts";

/** `ra rollback RUN[/TASK]`: one revert commit for each commit of a run on its target, or nothing at all. */
export const run: CommandBody = async ({ terminal, args, options }) => {
  const place = findPlace(terminal.cwd);
  await using registry = await demandRecorded(place, "write");
  await registry.reap();
  const { state, task } = await namedRun(registry, args[0] ?? "");
  refuseDriven(state);
  const { repository, target } = await groundOf(terminal, place, state, { readOnly: false });
  const asked = { repository, state, target, task: task?.task.id ?? null };
  const json = flag(options, "json");
  if (flag(options, "dryRun")) {
    terminal.out(await preview({ ...asked, verify: null }, json));
    return ExitCode.ok;
  }
  const verified = options.verify !== false;
  return await holdRun({ registry, run: state.id, by: "rollback" }, async () => {
    const done = await rollBackChecked(terminal, place, asked, verified);
    const events = await registry.commit(state.id, () => [
      { type: "run.reverted", target, ...done, verified },
    ]);
    await repository.tidy(state.id);
    if (json) for (const event of events) terminal.out(eventLine(event));
    else {
      const words = done.tasks.map(({ id, revert }) => `${id} ${revert.slice(0, 7)}`).join(", ");
      const checks = verified ? "" : "; the checks were left out";
      const now = `${target} is at ${done.to.slice(0, 7)}`;
      say(terminal, `${state.id}: took back ${words}; ${now}${checks}`);
    }
    return ExitCode.ok;
  });
};

async function rollBackChecked(
  terminal: Terminal,
  place: Place,
  asked: Omit<RollbackOrder, "verify">,
  verified: boolean,
): ReturnType<typeof rollBack> {
  const { repository, state } = asked;
  const { env } = terminal;
  const config = await loadConfig({ root: place.root, env, runners: runnerNames });
  using ending = abortOnSignal();
  const { id: run, plan } = state;
  const parts = { run, plan, place, config, repository, ground: null, env };
  const verify = verified ? composeCheck(parts, ending.signal) : null;
  try {
    return await rollBack({ ...asked, verify });
  } catch (error) {
    throw ending.signal.aborted ? interrupted() : error;
  }
}

/** What would be taken back, in that order. */
async function preview(order: RollbackOrder, json: boolean): Promise<string> {
  const { tip, commits } = await previewRollback(order);
  const { state, target } = order;
  if (json) return `${jsonText({ v: 1, run: state.id, target, tip, commits })}\n`;
  const lines = commits.map(
    ({ commit, subject }) => `${commit.slice(0, 7)}  ${oneLine(subject)}\n`,
  );
  return `${lines.join("")}${commits.length} to take back from ${target}\n`;
}
