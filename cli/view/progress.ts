import { unreachable } from "../../core/assert.ts";
import { oneLine } from "../../core/plain-text.ts";
import { usedText } from "../../core/plan/budget-words.ts";
import type { Plan } from "../../core/plan/plan.ts";
import type { Event } from "../../core/run/event.ts";
import type { Resolves } from "../../core/run/model.ts";
import type { RunState } from "../../core/run/state.ts";
import { hasEnded } from "../../core/run/task.ts";
import type { Terminal } from "../command.ts";
import { commandText, withdrawalTexts } from "./questions.ts";
import { sessionText } from "./session.ts";
import { cut, duration } from "./text.ts";
import { waitText } from "./wait.ts";

/** How long nothing may happen before a line says that the run is alive, in milliseconds. */
const heartbeatMs = 60_000;

const subjectMin = 6;
const subjectMax = 24;

/** Characters of a description that a line shows. */
const descriptionMax = 60;

/** Paths of a conflict that a line names. */
const clashPathsMax = 3;

const colors = { good: "32", bad: "31", quiet: "2", ask: "33", plain: "0" } as const;

/** What a person is told of an event: about whom, one word, the rest. */
interface Line {
  readonly subject: string;
  readonly word: string;
  readonly text: string;
  readonly tone: keyof typeof colors;
}

type EventOf<T extends Event["type"]> = Extract<Event, { type: T }>;

/** One line per change on standard error, the time since the start first; on a terminal as in a pipe. */
export class ProgressLines {
  readonly #terminal: Terminal;
  readonly #color: boolean;
  readonly #started = performance.now();
  readonly #state: () => RunState | undefined;
  readonly #heartbeat: ReturnType<typeof setInterval>;
  #lastAt = performance.now();
  /** Columns of the longest id, as far as lines stay readable. */
  #subjectWidth = subjectMin;
  #tasks = 0;
  #ended = 0;
  #unwritten = "";

  constructor(terminal: Terminal, state: () => RunState | undefined) {
    this.#terminal = terminal;
    this.#color = terminal.color;
    this.#state = state;
    this.#heartbeat = setInterval(() => this.#beat(), heartbeatMs / 4);
    this.#heartbeat.unref();
  }

  /** Tells an event, when it is one that a person wants to see. */
  show(event: Event): void {
    this.#count(event);
    if (event.type === "run.started") {
      this.#write(headline(event));
      return;
    }
    const progress = { ended: this.#ended, tasks: this.#tasks, state: this.#state() };
    for (const line of linesOf(event, progress)) this.#print(line);
  }

  /** Writes the lines that still wait. */
  close(): void {
    clearInterval(this.#heartbeat);
    this.#flush();
  }

  /** The fold is ahead of the events that are told together, and going through it for each would be quadratic. */
  #count(event: Event): void {
    if (event.type === "task.finished") this.#ended += 1;
    else if (event.type === "run.started") {
      this.#tasks = event.plan.tasks.length;
      this.#ended = event.plan.tasks.filter(({ done }) => done).length;
      this.#fit(event.plan);
    } else if (event.type === "run.resumed") {
      const tasks = [...(this.#state()?.tasks.values() ?? [])];
      this.#tasks = tasks.length;
      this.#ended = tasks.filter(hasEnded).length;
      this.#fit({ tasks: tasks.map(({ task }) => task) });
    }
  }

  #fit({ tasks }: Pick<Plan, "tasks">): void {
    const longest = tasks.reduce((most, { id }) => Math.max(most, id.length), 0);
    this.#subjectWidth = Math.min(Math.max(longest, subjectMin), subjectMax);
  }

  #beat(): void {
    if (performance.now() - this.#lastAt < heartbeatMs) return;
    // It waits for a person, and a question may stand on the last line.
    if (this.#state()?.status === "paused") return;
    const tasks = [...(this.#state()?.tasks.values() ?? [])];
    const running = tasks.filter(({ status }) => status === "running" || status === "merging");
    const done = tasks.filter(({ status }) => status === "done").length;
    const names = running.map(({ task }) => task.id).join(",");
    this.#print(line(".", "alive", `running=${names} done=${done}/${tasks.length}`, "quiet"));
  }

  #print({ subject, word, text, tone }: Line): void {
    this.#lastAt = performance.now();
    const seconds = Math.floor((this.#lastAt - this.#started) / 1000);
    const clock = [Math.floor(seconds / 60), seconds % 60].map((n) => String(n).padStart(2, "0"));
    const body = `${subject.padEnd(this.#subjectWidth)} ${word.padEnd(8)} ${text}`.trimEnd();
    const isPlain = tone === "plain" || !this.#color;
    const painted = isPlain ? body : `\u001b[${colors[tone]}m${body}\u001b[0m`;
    this.#write(`${clock.join(":")} ${painted}\n`);
  }

  /** Events of one transaction are told at once: their lines leave in one write. */
  #write(text: string): void {
    if (this.#unwritten === "") queueMicrotask(() => this.#flush());
    this.#unwritten += text;
  }

  #flush(): void {
    const text = this.#unwritten;
    this.#unwritten = "";
    if (text !== "") this.#terminal.err(text);
  }
}

/** How far a run has come. */
interface Progress {
  readonly ended: number;
  readonly tasks: number;
  readonly state: RunState | undefined;
}

/** The first line of a run. */
function headline({
  run,
  name,
  plan,
  concurrency,
  mode,
  base,
  target,
}: EventOf<"run.started">): string {
  const from = base === null ? "" : ` base=${target ?? "HEAD"}@${base.slice(0, 7)}`;
  const count = `tasks=${plan.tasks.length} concurrency=${concurrency}`;
  return `ra: run ${run} "${oneLine(name)}" ${count} mode=${mode}${from}\n`;
}

/** What a person is told of an event; nothing where it is of no interest. */
function linesOf(event: Exclude<Event, EventOf<"run.started">>, progress: Progress): Line[] {
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
  return `answered by ${oneLine(by)}: ${cut(oneLine(answer), descriptionMax)}`;
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
    description === task ? "" : ` ${cut(description, descriptionMax)}`,
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

function endLine(event: EventOf<"task.finished">, { ended, tasks, state }: Progress): Line {
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

function line(subject: string, word: string, text: string, tone: Line["tone"] = "plain"): Line {
  return { subject, word, text, tone };
}
