import { oneLine } from "../../core/plain-text.ts";
import type { Plan } from "../../core/plan/plan.ts";
import type { Event } from "../../core/run/event.ts";
import type { RunState } from "../../core/run/state.ts";
import { type EventOf, hasEnded } from "../../core/run/task.ts";
import type { Terminal } from "../command.ts";
import { type EventLine, line, linesOf } from "./event-lines.ts";

/** How long nothing may happen before a line says that the run is alive, in milliseconds. */
const heartbeatMs = 60_000;

const subjectMin = 6;
const subjectMax = 24;

const colors: Readonly<Record<EventLine["tone"], string>> = {
  good: "32",
  bad: "31",
  quiet: "2",
  ask: "33",
  plain: "0",
};

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

  #print({ subject, word, text, tone }: EventLine): void {
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
