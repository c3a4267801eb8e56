import { ExitCode } from "../../core/error.ts";
import { oneLine } from "../../core/plain-text.ts";
import type { RunState, TaskState } from "../../core/run/state.ts";
import type { Terminal } from "../command.ts";
import { pausedLines, raiseHint, spentText } from "./budget.ts";
import { errorText } from "./event-lines.ts";
import { findingTexts } from "./findings.ts";
import { duration } from "./text.ts";

/** Tasks of one kind that are named; of more, the number tells. */
const namedMax = 10;

/** The end of a run on standard error: what landed, what did not and why, and the next command. */
export function showSummary(terminal: Terminal, state: RunState | undefined): void {
  if (!state?.finishedAt) return;
  const tasks = [...state.tasks.values()];
  const took = duration(Date.parse(state.finishedAt) - Date.parse(state.startedAt));
  const lines = ["", `${oneLine(state.name)} (${state.id}) ${state.status} after ${took}`];
  const landed = tasks.filter((task) => task.status === "done");
  if (landed.length > namedMax) lines.push(row("done", `${landed.length} tasks`));
  else if (landed.length > 0) lines.push(row("done", landed.map(landedWord).join("  ")));
  const failed = tasks.filter(({ error }) => error !== null);
  for (const task of failed.slice(0, namedMax)) lines.push(...failure(state, task));
  if (failed.length > namedMax) lines.push(row("", `and ${failed.length - namedMax} more`));
  lines.push(...rest(tasks), ...findings(tasks), ...publication(state), ...spending(state));
  const next = nextCommand(state);
  const fields = [`result=${state.status}`, `exit=${state.exitCode}`, `run=${state.id}`];
  lines.push("", `ra: ${fields.join(" ")}${next === null ? "" : ` next="${next}"`}`);
  terminal.err(`${lines.join("\n")}\n`);
}

function landedWord({ task, commit }: TaskState): string {
  return commit === null ? task.id : `${task.id} ${commit.slice(0, 7)}`;
}

function failure(state: RunState, { task, error, attempts }: TaskState): string[] {
  const [first = "", ...more] = (error?.message ?? "").split("\n");
  const lines = [
    row("failed", `${task.id}: ${errorText({ kind: error?.kind ?? "failed", message: first })}`),
  ];
  for (const line of more.filter((text) => text.trim() !== "").slice(-5)) {
    lines.push(row("", `  ${oneLine(line)}`));
  }
  const kept = attempts.findLast((attempt) => attempt.kept !== null);
  if (kept) lines.push(row("", `work kept at refs/ra/${state.id}/${task.id}/${kept.number}`));
  return lines;
}

function rest(tasks: readonly TaskState[]): string[] {
  const skipped = tasks.filter(({ status }) => status === "skipped");
  const stopped = tasks.filter(({ status }) => status === "stopped");
  const lines = [...Map.groupBy(skipped, ({ because }) => because)].map(([because, group]) =>
    row("skipped", `${named(group)} because of ${because}`),
  );
  if (stopped.length > 0) lines.push(row("stopped", named(stopped)));
  return lines;
}

function findings(tasks: readonly TaskState[]): string[] {
  const found = findingTexts(tasks);
  const lines = found.slice(0, namedMax).map((text) => row("look at", text));
  if (found.length > namedMax) lines.push(row("", `and ${found.length - namedMax} more`));
  return lines;
}

function spending(state: RunState): string[] {
  const spent = spentText(state);
  const { head, most } = pausedLines(state);
  if (state.exitCode !== ExitCode.budget || head === "")
    return spent === "" ? [] : [row("used", spent)];
  return [row("paused", head), ...(most === "" ? [] : [row("", `spent most: ${most}`)])];
}

function named(tasks: readonly TaskState[]): string {
  if (tasks.length > namedMax) return `${tasks.length} tasks`;
  return tasks.map(({ task }) => task.id).join("  ");
}

function publication(state: RunState): string[] {
  const { published } = state;
  if (published === null) return [];
  if (published.keptOn === null) {
    return [row("landed", `${published.target} is now at ${published.to.slice(0, 7)}`)];
  }
  return [
    row("kept", `on branch ${published.keptOn}: ${oneLine(published.reason ?? "")}`),
    row("", `land it with: ra land ${state.id}`),
  ];
}

function nextCommand(state: RunState): string | null {
  if (state.exitCode === ExitCode.budget && state.overBudget !== null) return raiseHint(state);
  if (state.status === "interrupted" || state.status === "stopped") return `ra resume ${state.id}`;
  if (state.status !== "failed") return null;
  const failed = [...state.tasks.values()].some(({ error }) => error !== null);
  // Where all tasks are done, only the target stood in the way.
  if (!failed && state.published?.keptOn) return `ra land ${state.id}`;
  return failed ? `ra why ${state.id}` : `ra show ${state.id}`;
}

function row(word: string, text: string): string {
  return `  ${word.padEnd(8)} ${text}`;
}
