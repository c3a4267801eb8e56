import { ExitCode } from "../../core/error.ts";
import type { RunSummary, WaitingTask } from "../../core/registry/query.ts";
import type { Cooldown } from "../../core/run/cooldown.ts";
import type { ForeignClaim } from "../../core/run/log.ts";
import type { LiveProcess } from "../../core/run/model.ts";
import type { Heard } from "../silence.ts";
import { questionText, type ShownQuestion } from "./questions.ts";
import { table } from "./table.ts";
import { duration } from "./text.ts";
import { waitText } from "./wait.ts";

/** What `ra ps` tells beside the runs. */
export interface Activity {
  readonly processes: readonly Heard[];
  readonly waiting: readonly WaitingTask[];
  /** Paths that landed work still holds. */
  readonly held: readonly ForeignClaim[];
  /** Providers that refuse. */
  readonly cooldowns: readonly Cooldown[];
}

/** What agents ask, with the commands that answer; empty when they ask nothing. */
export function questionList(questions: readonly ShownQuestion[], nowMs: number): string {
  return questions.map((question) => questionText(question, nowMs)).join("");
}

/** Live processes, tasks that wait, providers that refuse, and paths that landed work still holds; empty when there are none. */
export function processTable(
  { processes, waiting, held, cooldowns }: Activity,
  nowMs: number,
  width: number,
): string {
  const rows = [
    ...[...processes]
      .sort(byNeed)
      .map((each) => [
        each.id,
        stateOfProcess(each, nowMs),
        each.runner,
        duration(nowMs - Date.parse(each.startedAt)),
        each.touching.join(" "),
        each.task,
      ]),
    ...waiting.map((each) => [
      `${each.run}/${each.task}`,
      each.status,
      "",
      "",
      waitNote(each, nowMs),
      each.description,
    ]),
    ...[...Map.groupBy(held, ({ run, task }) => `${run}/${task}`)].map(([id, claims]) => [
      id,
      "holds",
      "",
      "",
      claims.map(({ glob }) => glob).join(" "),
      "its result has not landed yet",
    ]),
    ...cooldowns.map(({ provider, until, probe, message }) => [
      provider,
      Date.parse(until) > nowMs ? "refuses" : "asked",
      "",
      Date.parse(until) > nowMs ? duration(Date.parse(until) - nowMs) : "",
      probe === null ? `until ${until}` : `by ${probe.run}/${probe.task}`,
      message,
    ]),
  ];
  if (rows.length === 0) return "";
  const columns = [
    { title: "process" },
    { title: "status" },
    { title: "runner" },
    { title: "time", align: "right" },
    { title: "touching", min: 12 },
    { title: "task", min: 12 },
  ] as const;
  return table(columns, rows, width);
}

/** Runs, those that need a person first; empty when there are none. */
export function runTable(runs: readonly RunSummary[], nowMs: number, width: number): string {
  if (runs.length === 0) return "";
  const columns = [
    { title: "run" },
    { title: "name", min: 12 },
    { title: "state" },
    { title: "tasks", align: "right" },
    { title: "time", align: "right" },
    { title: "note", min: 16 },
  ] as const;
  const sorted = [...runs].sort((a, b) => urgency(a) - urgency(b));
  const rows = sorted.map((run) => {
    const end = run.finishedAt === null ? nowMs : Date.parse(run.finishedAt);
    const time = duration(end - Date.parse(run.startedAt));
    return [run.id, run.name, stateOf(run), progress(run), time, note(run)];
  });
  return table(columns, rows, width);
}

/** A process that says nothing is at work all the same, as far as anybody knows. */
function stateOfProcess({ status, silentSince }: Heard, nowMs: number): string {
  return silentSince === null ? status : `silent ${duration(nowMs - Date.parse(silentSince))}`;
}

/** Those that need a person first, the others as they started. */
function byNeed(one: LiveProcess, other: LiveProcess): number {
  return Number(other.status === "needs-you") - Number(one.status === "needs-you");
}

function waitNote({ reason, parkedUntil }: WaitingTask, nowMs: number): string {
  if (reason !== null) return `waits ${waitText(reason)}`;
  if (parkedUntil === null) return "";
  return `again in ${duration(Math.max(0, Date.parse(parkedUntil) - nowMs))}`;
}

function urgency(run: RunSummary): number {
  if (needsYou(run)) return 0;
  return run.finishedAt === null ? 1 : 2;
}

function stateOf(run: RunSummary): string {
  if (!run.driven) return "abandoned";
  if (run.exitCode === ExitCode.budget && run.status === "interrupted") return "paused";
  return needsYou(run) ? "needs you" : run.status;
}

/** It waits between its tasks, or one of its agents asks something. */
function needsYou({ status, tasks, finishedAt }: RunSummary): boolean {
  return status === "paused" || (finishedAt === null && tasks["needs-you"] !== undefined);
}

function progress({ tasks }: RunSummary): string {
  const all = Object.values(tasks).reduce((sum, count) => sum + count, 0);
  const failed = tasks.error === undefined ? "" : ` ${tasks.error} failed`;
  return `${tasks.done ?? 0}/${all}${failed}`;
}

function note(run: RunSummary): string {
  if (!run.driven) return `its ra is gone: ra resume ${run.id}`;
  if (run.status === "paused") return `ra continue ${run.id}, or ra stop ${run.id}`;
  if (needsYou(run)) return `ra answer: ${run.tasks["needs-you"]} of its tasks wait for it`;
  if (run.exitCode === ExitCode.budget) return `budget used up: ra why ${run.id}`;
  return run.exitCode === null || run.exitCode === 0 ? "" : `exit ${run.exitCode}`;
}
