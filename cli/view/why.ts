import { unreachable } from "../../core/assert.ts";
import { block, oneLine } from "../../core/plain-text.ts";
import { usedText } from "../../core/plan/budget-words.ts";
import type { WaitReason } from "../../core/run/event.ts";
import { exitMeaning } from "../help.ts";
import type { NextStep, RunReason, TaskReason } from "../reasons.ts";
import { errorText } from "./event-lines.ts";
import { endText } from "./questions.ts";
import { bytes, pad } from "./text.ts";

/** Paths, tasks and lines of a message that are shown at most; it all fits on one screen. */
const shownMax = 8;

/** Why a task is where it is, on one screen. */
export function taskWhy(reason: TaskReason): string {
  const { run, task, status, error, conflict, kept, reverted, commit, root, parked } = reason;
  const lines = [`${run}/${task} is ${status}`];
  for (const { id, status: other } of some(reason.needs))
    lines.push(row("needs", `${id}, which is ${other}`));
  if (reason.waiting !== null) lines.push(row("waits", waitLine(reason.waiting)));
  if (parked !== null) {
    const why = parked.message === null ? "" : `: ${oneLine(parked.message)}`;
    const who = parked.provider === null ? "" : `, as ${oneLine(parked.provider)} refuses`;
    lines.push(row("parked", `until ${parked.until}${who}${why}`));
  }
  for (const question of some(reason.questions)) {
    const what = `${oneLine(question.text)}, at ${question.askedAt}`;
    lines.push(row("asks", question.end === null ? what : `${what}: ${endText(question)}`));
  }
  if (reason.silentSince !== null) lines.push(row("silent", `since ${reason.silentSince}`));
  if (error !== null) lines.push(...message(error));
  if (conflict !== null) {
    lines.push(row("paths", listed(conflict.paths)));
    lines.push(row("against", conflict.with.length > 0 ? listed(conflict.with) : "the target"));
  }
  if (root !== null) {
    const why = root.error === null ? "did not end well" : errorText(root.error);
    lines.push(row("because", `${root.id}: ${why}`));
  }
  if (reverted !== undefined && reverted !== null) {
    lines.push(row("reverted", `${reverted.commit.slice(0, 7)} by ${reverted.revert.slice(0, 7)}`));
  } else if (commit !== null) lines.push(row("commit", commit));
  for (const warning of some(reason.warnings)) lines.push(row("warning", oneLine(warning)));
  if (kept !== null && commit === null) lines.push(row("kept", `at ${kept.ref}`));
  if (reason.discarded !== null) {
    const what = reason.discarded.unlanded ? "its work, which had not landed" : "results and logs";
    lines.push(row("cleaned", `${what}, at ${reason.discarded.at}`));
  }
  return `${[...lines, ...nextLines(reason.next)].join("\n")}\n`;
}

/** Why a run ended with its exit code, or what it is at, on one screen. */
export function runWhy(reason: RunReason): string {
  const { run, status, driven, exitCode, causes, overBudget, kept, tasks } = reason;
  const counts = Object.entries(tasks).map(([each, count]) => `${count} ${each}`);
  const lines = [`${run} is ${driven ? status : "abandoned: the ra that drove it is gone"}`];
  if (exitCode !== null) lines.push(row("exit", `${exitCode}: ${exitMeaning(exitCode)}`));
  lines.push(row("tasks", counts.join(", ")));
  if (overBudget !== null) lines.push(row("budget", usedText(overBudget)));
  causes.slice(0, shownMax).forEach(({ task, error }, at) => {
    lines.push(row(at === 0 ? "first" : "then", `${task}: ${errorText(error)}`));
  });
  if (causes.length > shownMax) lines.push(row("", `and ${causes.length - shownMax} more`));
  if (kept !== null) lines.push(row("kept", `on ${kept.branch}: ${oneLine(kept.reason ?? "")}`));
  return `${[...lines, ...nextLines(reason.next)].join("\n")}\n`;
}

function waitLine(reason: WaitReason): string {
  switch (reason.kind) {
    case "alone":
      return "to run alone: other tasks of the run are under way";
    case "runner-cap":
      return `for ${oneLine(reason.runner)}, which has as many attempts as its cap allows`;
    case "cooldown":
      return Date.parse(reason.until) > Date.now()
        ? `for ${oneLine(reason.provider)}, which refuses until ${reason.until}`
        : `for ${oneLine(reason.provider)}, which refused until ${reason.until}: one attempt asks it first`;
    case "claim":
      return `for ${oneLine(reason.by)}: its ${oneLine(reason.theirs)} meets ${oneLine(reason.glob)} of this task`;
    case "disk":
      return `for room on the disk of ${oneLine(reason.path)}: ${bytes(reason.free)} free, ${bytes(reason.least)} wanted; see \`ra clean\``;
    default:
      return unreachable(reason);
  }
}

function message(error: NonNullable<TaskReason["error"]>): string[] {
  const [first = "", ...more] = block(error.message)
    .split("\n")
    .filter((line) => line.trim() !== "");
  const shown = more.slice(-shownMax).map((line) => row("", `  ${oneLine(line)}`));
  return [row("error", errorText({ kind: error.kind, message: first })), ...shown];
}

function nextLines(steps: readonly NextStep[]): string[] {
  if (steps.length === 0) return [];
  const width = Math.max(...steps.map(({ command }) => command.length));
  return ["", ...steps.map(({ command, about }) => `  ${pad(command, width)}  # ${about}`)];
}

function some<T>(all: readonly T[]): readonly T[] {
  return all.slice(0, shownMax);
}

function listed(all: readonly string[]): string {
  const more = all.length > shownMax ? ` and ${all.length - shownMax} more` : "";
  return `${some(all).map(oneLine).join(", ")}${more}`;
}

function row(word: string, text: string): string {
  return `  ${word.padEnd(8)} ${text}`;
}
