import { unreachable } from "../../core/assert.ts";
import { oneLine } from "../../core/plain-text.ts";
import { usedText } from "../../core/plan/budget-words.ts";
import type { Event } from "../../core/run/event.ts";
import type { Resolves } from "../../core/run/model.ts";
import type { RunState } from "../../core/run/state.ts";
import type { EventOf } from "../../core/run/task.ts";
import { commandText, withdrawalTexts } from "./questions.ts";
import { sessionText } from "./session.ts";
import { duration } from "./text.ts";
import { waitText } from "./wait.ts";

/** Characters of a description that a line shows. */
const descriptionMax = 60;

/** Paths of a conflict that a line names. */
const clashPathsMax = 3;

/** What a person is told of an event, on a terminal as on a page: about whom, one word, the rest. */
export interface EventLine {
  readonly subject: string;
  readonly word: string;
  readonly text: string;
  readonly tone: "good" | "bad" | "quiet" | "ask" | "plain";
}

/** How far a run has come. */
export interface Progress {
  readonly ended: number;
  readonly tasks: number;
  readonly state: RunState | undefined;
}

/** What a person is told of an event; nothing where it is of no interest. */
export function linesOf(
  event: Exclude<Event, EventOf<"run.started">>,
  progress: Progress,
): EventLine[] {
  switch (event.type) {
    case "run.resumed":
      return [line("run", "resumed", event.run)];
    case "run.paused":
      return [line("run", "waits", `ra continue ${event.run}, or ra stop ${event.run}`, "ask")];
    case "run.continued":
      return [line("run", "goes on", `by ${oneLine(event.by)}`)];
    case "request.received":
      if (event.action !== "stop") return [];
      return [line(event.task ?? "run", "stop", `asked by ${oneLine(event.by)}`)];
    case "budget.neared":
      return [line(event.task ?? "run", "budget", `${usedText(event)}`, "ask")];
    case "budget.reached":
      return [line(event.task ?? "run", "budget", reachedText(event), "bad")];
    case "task.waiting":
      return [line(event.task, "waits", oneLine(waitText(event.reason)), "quiet")];
    case "attempt.started":
      return [line(event.task, "start", startText(event, progress.state))];
    case "conflict.foreseen":
      return [line(event.task, "clash", foreseenText(event), "ask")];
    case "session.opened":
      return sessionText(event).map((text) => line(event.task, "session", text, "quiet"));
    case "attempt.finished":
      return (event.findings ?? []).map(({ message }) =>
        line(event.task, "warning", oneLine(message), "ask"),
      );
    case "question.asked":
      return [line(event.task, "asks", askText(event), "ask")];
    case "question.answered":
      return [line(event.task, "goes on", answeredText(event))];
    case "question.withdrawn":
      return [line(event.task, "goes on", withdrawalTexts[event.reason], "ask")];
    case "cooldown.ended":
      return [line(event.task, "answered", `${oneLine(event.provider)} answers again`, "quiet")];
    case "task.parked":
      return [line(event.task, "parked", parkText(event), "ask")];
    case "merge.finished":
      return event.warnings.map((warning) => line(event.task, "warning", oneLine(warning), "ask"));
    case "task.finished":
      return [endLine(event, progress)];
    case "limit.neared":
    case "limit.reached":
      return [line("run", "warning", limitText(event), "ask")];
    case "process.spawned":
    case "claim.extended":
    case "claims.yielded":
    case "run.finished":
    case "run.landed":
    case "run.reverted":
    case "run.cleaned":
    case "run.held":
    case "run.released":
    case "check.passed":
    case "logs.removed":
      return [];
    default:
      return unreachable(event);
  }
}

function askText({ text, ...question }: EventOf<"question.asked">): string {
  return `${oneLine(text)}: ${commandText(question, Date.parse(question.at))}`;
}

function answeredText({ answer, by }: EventOf<"question.answered">): string {
  return `answered by ${oneLine(by)}: ${brief(oneLine(answer), descriptionMax)}`;
}

function reachedText(event: EventOf<"budget.reached">): string {
  const what = event.task === undefined ? "nothing new starts" : "no further attempt starts";
  return `${usedText(event)}: ${what}, what runs comes to its end`;
}

function limitText({ type, limit, count, max }: EventOf<"limit.neared" | "limit.reached">): string {
  return type === "limit.neared"
    ? `it has ${count} ${limit}; at ${max} it starts nothing more and ends`
    : `it has ${count} ${limit}, which is the most: what runs comes to its end, nothing more starts`;
}

function startText(
  { task, runner, model, attempt, resolves }: EventOf<"attempt.started">,
  state: RunState | undefined,
): string {
  const description = oneLine(state?.tasks.get(task)?.task.description ?? task);
  const words = [
    runner,
    model === null ? "" : oneLine(model),
    attempt > 1 ? `attempt ${attempt}` : "",
    resolves === undefined ? "" : `resolves ${oneLine(clashText(resolves))}`,
    description === task ? "" : ` ${brief(description, descriptionMax)}`,
  ];
  return words.filter((word) => word !== "").join(" ");
}

function foreseenText({ with: other, paths }: EventOf<"conflict.foreseen">): string {
  const beside = other === null ? "what has landed" : other;
  return `as it is now it conflicts with ${beside} in ${oneLine(paths.join(", "))}`;
}

function parkText({ until, message, provider }: EventOf<"task.parked">): string {
  const seconds = Math.max(0, Math.round((Date.parse(until) - Date.now()) / 1000));
  const who = provider === undefined ? "" : ` on ${oneLine(provider)}`;
  return `${oneLine(message)}; again${who} in ${duration(seconds * 1000)}`;
}

function endLine(event: EventOf<"task.finished">, { ended, tasks, state }: Progress): EventLine {
  const { task, status, commit, because } = event;
  const all = String(tasks);
  const count = `(${String(ended).padStart(all.length)}/${all})`;
  const attempt = state?.tasks.get(task)?.attempts.at(-1);
  const took = attempt?.durationMs ?? null;
  const time = took === null ? "" : ` ${duration(took)}`;
  if (status === "done") {
    const unchanged = attempt?.outcome?.kind === "unchanged" ? " no change" : "";
    const merged = commit === null ? unchanged : ` merged=${commit.slice(0, 7)}`;
    return line(task, "done", `${count}${time}${merged}`, "good");
  }
  if (status === "skipped") return line(task, "skipped", `${count} because of ${because}`, "quiet");
  if (status === "stopped") return line(task, "stopped", count, "quiet");
  return line(task, "failed", `${count}${time} ${errorText(event.error)}`, "bad");
}

/** A conflict in a few words: with whom, and where. */
export function clashText(clash: Pick<Resolves, "paths" | "with">): string {
  const who = clash.with.length > 0 ? ` with ${clash.with.join(", ")}` : "";
  const more =
    clash.paths.length > clashPathsMax ? ` and ${clash.paths.length - clashPathsMax} more` : "";
  return `a conflict${who} in ${clash.paths.slice(0, clashPathsMax).join(", ")}${more}`;
}

/** An error on one line, its kind in front where it says more than that the task failed. */
export function errorText(
  error: { readonly kind: string; readonly message: string } | null,
): string {
  const { kind, message } = error ?? { kind: "failed", message: "" };
  const text = oneLine(message);
  if (kind === "failed" && text !== "") return text;
  return text.startsWith(kind) ? text : `${kind}: ${text}`;
}

/** Puts a line together. */
export function line(
  subject: string,
  word: string,
  text: string,
  tone: EventLine["tone"] = "plain",
): EventLine {
  return { subject, word, text, tone };
}

/** By characters, not by columns: what comes of it is no table. */
function brief(text: string, max: number): string {
  let [kept, count] = ["", 0];
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    if (count === max - 1 && kept.length + segment.length < text.length) return `${kept}…`;
    kept += segment;
    count += 1;
  }
  return kept;
}
