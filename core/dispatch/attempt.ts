import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RaError } from "../error.ts";
import type { ProcessIdentity } from "../id.ts";
import type { Isolation, Task } from "../plan/plan.ts";
import type { Exit, Job, ProgramExit, ProgramRequest, Runner } from "../plugin/runner.ts";
import { withoutWithheld } from "../process/environment.ts";
import { type AttemptLog, logNotes, type Recording } from "../process/log.ts";
import type { Machine } from "../process/machine.ts";
import { survivorNotes } from "../process/tree.ts";
import type { Running } from "../process.ts";
import type { Finding, Outcome, Usage } from "../run/model.ts";
import type { Repository, Snapshot, Workspace } from "../workspace/workspace.ts";
import { messageOf, withoutSecrets } from "./end-words.ts";
import { findExecutableConfig } from "./executable-config.ts";
import { outcomeOf } from "./exit-outcome.ts";
import { type Ask, Asking, lastWordsOf } from "./question.ts";
import { TimeLimit } from "./time-limit.ts";

/** How long a program has between TERM and KILL, in milliseconds. */
const graceMs = 5000;

/** How long what a program left behind has. With what the output is waited for before, an attempt ends within 2 s. */
const leftoverGraceMs = 750;

/** One try of one task. */
export interface AttemptRequest {
  readonly run: string;
  readonly task: Task;
  readonly number: number;
  readonly runner: Runner;
  readonly model: string | null;
  readonly isolation: Isolation;
  /** Commit to start from; null for isolation `none`. */
  readonly base: string | null;
  readonly prompt: string;
  readonly logPath: string;
  readonly recording: Recording;
  readonly environment: Readonly<Record<string, string>>;
}

export interface AttemptSurroundings {
  readonly machine: Machine;
  /** Null outside git, where every task has isolation `none`. */
  readonly repository: Repository | null;
  /** Where tasks without a workspace work. */
  readonly directory: string;
  /**
   * Called once, when the first program runs. Its identity is better asked for later: to read it while it is loaded costs much.
   */
  readonly onSpawn: (process: () => ProcessIdentity, workspace: Workspace | null) => void;
  readonly onAnswer?: (usage: Usage | null) => void;
  readonly onQuestion?: Ask;
}

/** How a try ended. `close` gives the workspace up and is called once the facts are recorded. */
export interface AttemptEnd {
  readonly outcome: Outcome;
  readonly usage: Usage | null;
  readonly durationMs: number;
  readonly snapshot: Snapshot | null;
  /** The commit the snapshot is to be merged from: the recorded base of the workspace. */
  readonly base: string | null;
  readonly notes: readonly string[];
  /** What a person should look at in what was left, whatever the outcome. */
  readonly findings: readonly Finding[];
  /** In place only: puts the checkout back when the result did not land. */
  restore(): Promise<void>;
  close(): Promise<void>;
}

/** Runs one attempt to its end: workspace, agent, snapshot. Never throws: whatever goes wrong is the outcome. */
export async function runAttempt(
  request: AttemptRequest,
  around: AttemptSurroundings,
  cancel: AbortSignal,
): Promise<AttemptEnd> {
  const { clock } = around.machine;
  const started = clock.monotonic();
  const durationMs = (): number => Math.round(clock.monotonic() - started);
  let workspace: Workspace | null = null;
  try {
    workspace = await openWorkspace(request, around.repository);
    const drive = new Drive(request, around, workspace, cancel);
    const { outcome, usage } = await drive.run();
    const took = durationMs();
    const captured = await capture(request, workspace, outcome);
    const findings = await findingsIn(captured.snapshot, workspace?.base ?? null, around);
    const lastWords = captured.outcome.kind === "unchanged" ? drive.lastWords : [];
    const notes = [...drive.notes, ...(captured.snapshot?.notes ?? []), ...lastWords];
    const open = workspace;
    return {
      ...withoutSecrets({ ...captured, notes, findings }, request.recording.redactor),
      base: workspace?.base ?? null,
      usage,
      durationMs: took,
      restore: async () => open?.restore(),
      close: async () => open?.close(),
    };
  } catch (error) {
    const told = messageOf(error);
    const message = request.recording.redactor?.text(told) ?? told;
    // Its workspace was set aside whole; another try would only be one more.
    const isTooLarge = error instanceof RaError && error.code === "RESULT_TOO_LARGE";
    const outcome = isTooLarge
      ? ({ kind: "failed", message, final: true } as const)
      : ({ kind: "crashed", message } as const);
    return failedAttempt(outcome, durationMs());
  }
}

/** The end of an attempt that has no workspace to give up, or whose workspace is the only copy of the work. */
export function failedAttempt(outcome: Outcome, durationMs: number): AttemptEnd {
  const nothing = async (): Promise<void> => {};
  const empty = { usage: null, snapshot: null, base: null, notes: [], findings: [] };
  return { outcome, durationMs, ...empty, restore: nothing, close: nothing };
}

async function openWorkspace(
  request: AttemptRequest,
  repository: Repository | null,
): Promise<Workspace | null> {
  const { run, task, number, isolation, base } = request;
  if (isolation === "none" || repository === null || base === null) return null;
  const { id, keep } = task;
  return repository.open({ run, task: id, attempt: number, isolation, base, keep });
}

/** Takes what the attempt left, whatever its outcome, and turns "succeeded" into what the tree says. */
async function capture(
  request: AttemptRequest,
  workspace: Workspace | null,
  outcome: Outcome,
): Promise<{ outcome: Outcome; snapshot: Snapshot | null }> {
  if (workspace === null) return { outcome, snapshot: null };
  const { run, task, number } = request;
  const snapshot = await workspace.snapshot(`ra: what ${run}/${task.id}/${number} left`);
  if (outcome.kind !== "succeeded") {
    await workspace.restore();
    return { outcome, snapshot };
  }
  if (snapshot === null || snapshot.unchanged) return { outcome: { kind: "unchanged" }, snapshot };
  return { outcome: { kind: "succeeded", commit: snapshot.commit }, snapshot };
}

async function findingsIn(
  snapshot: Snapshot | null,
  base: string | null,
  { repository }: AttemptSurroundings,
): Promise<readonly Finding[]> {
  if (snapshot === null || base === null || repository === null) return [];
  const found = await findExecutableConfig(repository, base, snapshot.commit, snapshot.changes);
  return found === null ? [] : [found];
}

/** Drives a runner: starts its programs, logs them, and ends their whole trees at timeout, cancel and end. */
class Drive {
  readonly notes: string[] = [];
  lastWords: readonly string[] = [];
  readonly #request: AttemptRequest;
  readonly #around: AttemptSurroundings;
  readonly #workspace: Workspace | null;
  readonly #cancel: AbortSignal;
  readonly #stop = new AbortController();
  readonly #mark: string;
  readonly #log: AttemptLog;
  #scratch: string | null = null;
  #registered = false;
  #timedOut = false;

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
      this.#cancel.removeEventListener("abort", cancel);
      this.#log.end();
      this.notes.push(...logNotes(this.#log));
      if (this.#scratch !== null) rmSync(this.#scratch, { recursive: true, force: true });
    }
  }

  #job(asking: Asking): Job {
    const drive = this;
    const { task, prompt, model } = this.#request;
    return {
      taskId: task.id,
      prompt,
      model,
      cwd: this.#workspace?.path ?? this.#around.directory,
      get scratch() {
        drive.#scratch ??= mkdtempSync(join(tmpdir(), "ra-attempt-"));
        return drive.#scratch;
      },
      signal: this.#stop.signal,
      progressed: (usage) => this.#around.onAnswer?.(usage ?? null),
      start: (program) => this.#start(program),
      ask: (question) => asking.put(question),
    };
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
      log: this.#log,
    });
    if (!this.#registered) {
      this.#registered = true;
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
    return exit;
  }

  /** Tools of agents live on in sessions of their own; to look through all processes after a command costs too much. */
  async #endLeftovers(running: Running): Promise<void> {
    const { task, runner } = this.#request;
    // A command's conflict is resolved by an agent.
    const isCommand = task.work.kind === "command" && runner.name === task.runner;
    const reach = isCommand && running.isHeld ? "held" : "all";
    this.notes.push(...survivorNotes(await running.end(leftoverGraceMs, reach)));
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
    if (this.#cancel.aborted) return { kind: "cancelled", by: String(this.#cancel.reason) };
    if (exit === null) return { kind: "crashed", message: "the runner gave no answer" };
    return outcomeOf(exit);
  }
}
