import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Exit, Job, ProgramExit, ProgramRequest } from "../plugin/runner.ts";
import { withoutWithheld } from "../process/environment.ts";
import { type AttemptLog, logNotes } from "../process/log.ts";
import { survivorNotes } from "../process/tree.ts";
import type { Running } from "../process.ts";
import type { Outcome, Usage } from "../run/model.ts";
import type { Workspace } from "../workspace/workspace.ts";
import { type AttemptRequest, type AttemptSurroundings, promptPath } from "./attempt-request.ts";
import { messageOf } from "./end-words.ts";
import { outcomeOf } from "./exit-outcome.ts";
import { continuationOf, sessionTold } from "./going-on.ts";
import { Asking, lastWordsOf } from "./question.ts";
import { type Silence, watchSilence } from "./silence.ts";
import { TimeLimit } from "./time-limit.ts";

/** How long a program has between TERM and KILL, in milliseconds. */
const graceMs = 5000;

/** How long what a program left behind has. With what the output is waited for before, an attempt ends within 2 s. */
const leftoverGraceMs = 750;

/** How long an agent may say nothing, in milliseconds, where nothing else is said. */
const silenceDefaultMs = 15 * 60 * 1000;

/** Drives a runner: starts its programs, logs them, and ends their whole trees at timeout, cancel and end. */
export class Drive {
  readonly notes: string[] = [];
  lastWords: readonly string[] = [];
  readonly #request: AttemptRequest;
  readonly #around: AttemptSurroundings;
  readonly #workspace: Workspace | null;
  readonly #cancel: AbortSignal;
  readonly #stop = new AbortController();
  readonly #mark: string;
  readonly #log: AttemptLog;
  readonly #silenceMs: number | null;
  readonly #silence: Silence;
  #scratch: string | null = null;
  #registered = false;
  #timedOut = false;
  #isSilent = false;

  constructor(
    request: AttemptRequest,
    around: AttemptSurroundings,
    workspace: Workspace | null,
    cancel: AbortSignal,
  ) {
    this.#request = request;
    this.#around = around;
    this.#workspace = workspace;
    this.#cancel = cancel;
    this.#mark = `${request.run}/${request.task.id}/${request.number}`;
    this.#log = around.machine.openLog(request.logPath, request.recording.bytesMax);
    const { task, runner } = request;
    const usual = this.#isCommand ? null : silenceDefaultMs;
    this.#silenceMs = task.silenceMs ?? runner.traits.silenceMs ?? usual;
    this.#silence = watchSilence(around.machine.clock, this.#silenceMs, () => {
      this.#isSilent = true;
      this.#stop.abort();
    });
  }

  async run(): Promise<{ outcome: Outcome; usage: Usage | null }> {
    const { timeoutMs } = this.#request.task;
    const limit = new TimeLimit(this.#around.machine.clock, timeoutMs, () => {
      this.#timedOut = true;
      this.#stop.abort();
    });
    const asking = new Asking(this.#around.onQuestion, limit, this.notes);
    this.#stop.signal.addEventListener("abort", () => asking.end());
    const cancel = (): void => this.#stop.abort();
    this.#cancel.addEventListener("abort", cancel);
    if (this.#cancel.aborted) cancel();
    try {
      const exit = await this.#untilStopped(this.#request.runner.run(this.#job(asking)));
      this.lastWords = lastWordsOf(exit);
      return { outcome: this.#outcome(exit), usage: exit?.usage ?? null };
    } catch (error) {
      if (this.#stop.signal.aborted) return { outcome: this.#outcome(null), usage: null };
      return { outcome: { kind: "crashed", message: messageOf(error) }, usage: null };
    } finally {
      limit.end();
      asking.end();
      this.#silence.end();
      this.#cancel.removeEventListener("abort", cancel);
      this.#log.end();
      this.notes.push(...logNotes(this.#log));
      if (this.#scratch !== null) rmSync(this.#scratch, { recursive: true, force: true });
    }
  }

  #job(asking: Asking): Job {
    const drive = this;
    const { task, prompt, model, scope, going } = this.#request;
    return {
      taskId: task.id,
      prompt,
      model,
      scope,
      cwd: this.#workspace?.path ?? this.#around.directory,
      get scratch() {
        return drive.#scratchDir();
      },
      get state() {
        return drive.#stateDir();
      },
      continues: continuationOf(going),
      opened: (id, anew) => this.#around.onSession?.(sessionTold(going, id, anew)),
      signal: this.#stop.signal,
      progressed: (usage) => this.#around.onAnswer?.(usage ?? null),
      start: (program) => this.#start(program),
      ask: (question) => this.#silence.during(asking.put(question)),
    };
  }

  #scratchDir(): string {
    this.#scratch ??= mkdtempSync(join(tmpdir(), "ra-attempt-"));
    return this.#scratch;
  }

  #stateDir(): string {
    const { stateDir = null } = this.#request;
    if (stateDir !== null) mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    return stateDir ?? this.#scratchDir();
  }

  async #start({ stop, ...program }: ProgramRequest): Promise<ProgramExit> {
    this.#stop.signal.throwIfAborted();
    const running = this.#around.machine.start({
      ...program,
      cwd: this.#workspace?.path ?? this.#around.directory,
      env: {
        ...this.#request.environment,
        ...this.#workspace?.environment,
        ...withoutWithheld(program.env ?? {}),
      },
      mark: this.#mark,
      redactor: this.#request.recording.redactor,
      log: {
        write: (chunk) => {
          this.#silence.heard();
          this.#log.write(chunk);
        },
      },
    });
    if (!this.#registered) {
      this.#registered = true;
      if (!this.#isCommand) this.#keepPrompt();
      this.#around.onSpawn(() => running.identity, this.#workspace);
    }
    const signal = stop ? AbortSignal.any([this.#stop.signal, stop]) : this.#stop.signal;
    return this.#untilEnd(running, signal);
  }

  async #untilEnd(running: Running, signal: AbortSignal): Promise<ProgramExit> {
    const end = async (): Promise<void> => {
      this.notes.push(...survivorNotes(await running.end(graceMs)));
    };
    let ending: Promise<void> | null = null;
    const onAbort = (): void => {
      ending ??= end();
    };
    signal.addEventListener("abort", onAbort);
    if (signal.aborted) onAbort();
    const exit = await running.ended;
    signal.removeEventListener("abort", onAbort);
    await (ending ?? this.#endLeftovers(running));
    if (exit.overrun !== undefined) throw new Error(exit.overrun);
    return exit;
  }

  /** Tools of agents live on in sessions of their own; to look through all processes after a command costs too much. */
  async #endLeftovers(running: Running): Promise<void> {
    const reach = this.#isCommand && running.isHeld ? "held" : "all";
    this.notes.push(...survivorNotes(await running.end(leftoverGraceMs, reach)));
  }

  /** What an agent was told is told nowhere else: the neighbours and paths in it are those of the moment. */
  #keepPrompt(): void {
    const { prompt, logPath, recording } = this.#request;
    const log = this.#around.machine.openLog(promptPath(logPath), recording.bytesMax);
    log.write(Buffer.from(recording.redactor?.text(prompt) ?? prompt));
    log.end();
  }

  get #isCommand(): boolean {
    const { task, runner } = this.#request;
    // A command's conflict is resolved by an agent.
    return task.work.kind === "command" && runner.name === task.runner;
  }

  /** A runner that does not notice the end of its program must not hold the task for ever. */
  async #untilStopped(work: Promise<Exit>): Promise<Exit | null> {
    const { signal } = this.#stop;
    const overdue = new Promise<null>((resolve) => {
      signal.addEventListener("abort", () => {
        this.#around.machine.clock.after(2 * graceMs, () => resolve(null), { idle: true });
      });
    });
    return Promise.race([work, overdue]);
  }

  #outcome(exit: Exit | null): Outcome {
    if (this.#timedOut) return { kind: "timed-out", afterMs: this.#request.task.timeoutMs };
    if (this.#isSilent) return { kind: "timed-out", afterMs: this.#silenceMs ?? 0, silent: true };
    if (this.#cancel.aborted) return { kind: "cancelled", by: String(this.#cancel.reason) };
    if (exit === null) return { kind: "crashed", message: "the runner gave no answer" };
    return outcomeOf(exit);
  }
}
