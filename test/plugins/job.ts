import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Continuation, Exit, Job, Question, Runner, Scope } from "../../core/plugin/index.ts";
import { programEnvironment } from "../../core/process/environment.ts";
import { openLog } from "../../core/process/log.ts";
import type { Survivor } from "../../core/process/tree.ts";
import { type Running, startProcess } from "../../core/process.ts";
import { onTestEnd, temporaryDirectory } from "../support/leftovers.ts";

/** One attempt as core drives it, as far as a runner can see. */
export interface Trial {
  readonly exit: Promise<Exit>;
  readonly cwd: string;
  readonly scratch: string;
  readonly mark: string;
  /** The arguments of every program the runner started. */
  readonly started: readonly (readonly string[])[];
  /** What its programs printed, line by line, and how they ended. */
  readonly said: {
    readonly stdout: string[];
    readonly stderr: string[];
    readonly codes: (number | null)[];
  };
  /** How often core was told that the model has answered. */
  answers(): number;
  /** The sessions the runner told of. */
  readonly opened: readonly { readonly session: string; readonly anew?: string }[];
  /** What the agent asked a person. */
  readonly questions: readonly Question[];
  /** What core does at timeout or cancel. */
  cancel(graceMs: number): Promise<readonly Survivor[]>;
  output(): string;
}

/** Starts a runner on one task with real processes; what is left of them goes with the test. */
export function tryRunner(
  runner: Runner,
  task: {
    readonly prompt: string;
    readonly model?: string;
    readonly scope?: Scope;
    readonly cwd?: string;
    /** Where the agent keeps its session; a directory of its own by default. */
    readonly state?: string;
    readonly continues?: Continuation;
    readonly env?: Readonly<Record<string, string>>;
    /** The id of the option that a person takes; without it nobody answers. */
    readonly answer?: (question: Question) => string | null | Promise<string>;
  },
): Trial {
  const cwd = task.cwd ?? temporaryDirectory();
  const scratch = temporaryDirectory("scratch");
  const mark = randomUUID();
  const logPath = join(temporaryDirectory("logs"), "1.log");
  const log = openLog(logPath);
  const controller = new AbortController();
  const started: (readonly string[])[] = [];
  const questions: Question[] = [];
  const opened: { session: string; anew?: string }[] = [];
  const said = { stdout: [] as string[], stderr: [] as string[], codes: [] as (number | null)[] };
  const alive: Running[] = [];
  let answers = 0;
  const env = programEnvironment(process.env, runner.traits.environment, task.env);
  const job: Job = {
    taskId: "t1",
    prompt: task.prompt,
    model: task.model ?? null,
    cwd,
    scratch,
    scope: task.scope ?? null,
    state: task.state ?? scratch,
    continues: task.continues ?? null,
    opened(session, anew) {
      opened.push({ session, ...(anew === undefined ? {} : { anew }) });
    },
    signal: controller.signal,
    progressed() {
      answers += 1;
    },
    async ask(question) {
      questions.push(question);
      return task.answer?.(question) ?? null;
    },
    async start({ stop, env: more, ...program }) {
      started.push(program.argv);
      const onStdout = (line: string, isWhole: boolean): void => {
        said.stdout.push(line);
        program.onStdout?.(line, isWhole);
      };
      const onStderr = (line: string, isWhole: boolean): void => {
        said.stderr.push(line);
        program.onStderr?.(line, isWhole);
      };
      const request = { ...program, onStdout, onStderr, cwd, env: { ...env, ...more }, mark, log };
      const running = startProcess(request);
      alive.push(running);
      const end = (): void => void running.end(500);
      stop?.addEventListener("abort", end);
      try {
        const end = await running.ended;
        said.codes.push(end.code);
        return end;
      } finally {
        stop?.removeEventListener("abort", end);
        await running.end(500);
      }
    },
  };
  const cancel = async (graceMs: number): Promise<readonly Survivor[]> => {
    controller.abort();
    return (await Promise.all(alive.map((running) => running.end(graceMs)))).flat();
  };
  onTestEnd(async () => {
    await cancel(0);
    log.end();
  });
  return {
    exit: runner.run(job),
    cwd,
    scratch,
    mark,
    started,
    answers: () => answers,
    questions,
    opened,
    said,
    cancel,
    output: () => readFileSync(logPath, "utf8"),
  };
}
