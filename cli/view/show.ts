import { isLost } from "../../core/dispatch/discarded.ts";
import { ExitCode } from "../../core/error.ts";
import { block, oneLine } from "../../core/plain-text.ts";
import { openQuestions } from "../../core/run/question.ts";
import type { AttemptState, RunState, TaskState } from "../../core/run/state.ts";
import { openIn } from "../answering.ts";
import { raiseHint, spentText, taskRaiseHint } from "./budget.ts";
import { clashText, errorText } from "./event-lines.ts";
import { findingTexts } from "./findings.ts";
import { endText, questionText } from "./questions.ts";
import { sessionText } from "./session.ts";
import { table } from "./table.ts";
import { duration } from "./text.ts";
import { waitText } from "./wait.ts";

/** One run: what it is, where it stands, its tasks, and the next command. */
export function runView(state: RunState, width: number): string {
  const took = duration(endOf(state) - Date.parse(state.startedAt));
  const ground = state.base === null ? "no git" : `${state.target}@${state.base.slice(0, 7)}`;
  const head = `${state.id}  ${oneLine(state.name)}  ${state.status}  ${ground}  ${took}\n`;
  const spent = spentText(state);
  const used = spent === "" ? "" : `used ${spent}\n`;
  const columns = [
    { title: "task" },
    { title: "status" },
    { title: "runner" },
    { title: "time", align: "right" },
    { title: "commit" },
    { title: "note", min: 20 },
  ] as const;
  const rows = [...state.tasks.values()].map((task) => [
    task.task.id,
    task.status,
    task.task.runner,
    timeOf(task),
    task.commit?.slice(0, 7) ?? "",
    noteOf(task),
  ]);
  const found = findingTexts(state.tasks.values()).map((text) => `look at ${text}\n`);
  const findings = found.length === 0 ? "" : `\n${found.join("")}`;
  return `${head}${used}\n${table(columns, rows, width)}${findings}${publication(state)}${landHint(state)}${hints(state)}`;
}

/** One task: its error in full, its attempts, where its work and its logs are. */
export function taskView(state: RunState, task: TaskState, width: number): string {
  const { id, description, touching, deps } = task.task;
  const lines = [`${state.id}/${id}  ${oneLine(description)}  ${task.status}`];
  if (deps.length > 0) lines.push(`needs     ${deps.join(", ")}`);
  if (touching.length > 0) lines.push(`touching  ${touching.map(oneLine).join(", ")}`);
  if (task.commit !== null) lines.push(`commit    ${task.commit}`);
  const note = noteOf(task);
  if (note !== "" && task.error === null) lines.push(`note      ${note}`);
  for (const warning of task.warnings) lines.push(`warning   ${oneLine(warning)}`);
  for (const attempt of task.attempts) lines.push(...attemptNotes(attempt));
  const raise = taskRaiseHint(state, task);
  if (raise !== null) lines.push(`go on     ${raise}`);
  const error = task.error === null ? "" : `\n${task.error.kind}: ${block(task.error.message)}\n`;
  if (task.attempts.length === 0) return `${lines.join("\n")}\n${error}`;
  const columns = [
    { title: "attempt" },
    { title: "runner" },
    { title: "ended" },
    { title: "time", align: "right" },
    { title: "work", min: 20 },
  ] as const;
  const rows = task.attempts.map((attempt) => attemptRow(state, task, attempt));
  return `${lines.join("\n")}\n${error}\n${table(columns, rows, width)}\n${logsHint(state, task)}\n`;
}

function logsHint(state: RunState, { task, discarded }: TaskState): string {
  if (discarded) return `results and logs were discarded by \`ra clean\` at ${discarded.at}`;
  return `logs: ra logs ${state.id}/${task.id}`;
}

function attemptNotes(attempt: AttemptState): string[] {
  const { number, resolves, findings, questions, outcome } = attempt;
  const origin =
    resolves === null
      ? []
      : [
          `attempt ${number} resolves ${oneLine(clashText(resolves))}, left by attempt ${resolves.attempt}`,
        ];
  const { instead } = attempt;
  const stands =
    instead === undefined ? [] : [`attempt ${number} in place of ${oneLine(insteadText(instead))}`];
  const asked = questions.map(
    (question) => `asked     attempt ${number} ${oneLine(question.text)}: ${endText(question)}`,
  );
  const found = findings.map(({ message }) => `warning   attempt ${number} ${oneLine(message)}`);
  const full =
    outcome?.kind === "disk-full"
      ? [`disk full attempt ${number}: ${oneLine(outcome.message)}`]
      : [];
  return [...origin, ...stands, ...asked, ...full, ...sessionNote(attempt), ...found];
}

function sessionNote({ number, session }: AttemptState): string[] {
  if (session === undefined) return [];
  const more = sessionText(session).map((text) => `, ${text}`);
  return [`attempt ${number} session ${oneLine(session.id)}${more.join("")}`];
}

function insteadText({ runner, model, reason }: NonNullable<AttemptState["instead"]>): string {
  return `${model === null ? runner : `${runner} ${model}`}: ${reason}`;
}

function attemptRow(
  state: RunState,
  { task, discarded }: TaskState,
  attempt: AttemptState,
): string[] {
  const { number, runner, model, outcome, durationMs, kept } = attempt;
  const took = durationMs === null ? "" : duration(durationMs);
  const ref = `refs/ra/${state.id}/${task.id}/${number}`;
  const work = kept === null ? "" : discarded ? "discarded" : ref;
  const who = model === null ? runner : `${runner} ${model}`;
  return [String(number), who, outcome?.kind ?? "running", took, work];
}

function noteOf(task: TaskState): string {
  if (task.error !== null) return errorText(task.error);
  if (isLost(task)) return "its work was discarded by `ra clean`";
  if (task.reverted) return `taken back by ${task.reverted.revert.slice(0, 7)}`;
  if (task.because !== null) return `because of ${task.because}`;
  const [asked] = openQuestions(task.attempts.at(-1));
  if (asked !== undefined) return `asks: ${oneLine(asked.text)}`;
  if (task.waiting !== null && task.status === "waiting")
    return `waits ${oneLine(waitText(task.waiting))}`;
  if (task.parkedUntil !== null && task.status === "parked")
    return `again at ${task.parkedUntil}${refuser(task)}`;
  return task.warnings.map(oneLine).join("; ");
}

/** The provider that parked a task. */
function refuser({ attempts }: TaskState): string {
  const last = attempts.at(-1);
  const isRefused = last?.outcome?.kind === "rate-limited" && last.provider !== undefined;
  return isRefused ? `, as ${oneLine(last.provider ?? "")} refuses` : "";
}

function timeOf({ attempts }: TaskState): string {
  const last = attempts.at(-1);
  if (!last) return "";
  return duration(last.durationMs ?? Date.now() - Date.parse(last.startedAt));
}

function endOf(state: RunState): number {
  return state.finishedAt === null ? Date.now() : Date.parse(state.finishedAt);
}

function publication({ published, discardedBranch }: RunState): string {
  if (published === null) return "";
  if (published.keptOn !== null && published.keptOn === discardedBranch)
    return `\nnot landed: ${oneLine(published.reason ?? "")}; \`ra clean\` discarded ${discardedBranch}\n`;
  if (published.keptOn === null)
    return `\nlanded on ${published.target} at ${published.to.slice(0, 7)}\n`;
  return `\nkept on ${published.keptOn}: ${oneLine(published.reason ?? "")}\n`;
}

function landHint({ id, published, finishedAt, discardedBranch }: RunState): string {
  return published?.keptOn && published.keptOn !== discardedBranch && finishedAt !== null
    ? `\nland it with: ra land ${id}\n`
    : "";
}

function hints(state: RunState): string {
  const now = Date.now();
  const open = openIn(state, null).map(({ task, question }) =>
    questionText({ run: state.id, task, ...question }, now),
  );
  if (open.length > 0) return `\n${open.join("")}`;
  if (state.status === "paused")
    return `\nNEEDS YOU  ra continue ${state.id}, or ra stop ${state.id}\n`;
  const raise = state.exitCode === ExitCode.budget ? raiseHint(state) : null;
  if (raise !== null) return `\npaused: its budget is used up; go on with: ${raise}\n`;
  const failed = [...state.tasks.values()].find(({ error }) => error !== null);
  return failed ? `\nlook closer: ra why ${state.id}/${failed.task.id}\n` : "";
}
