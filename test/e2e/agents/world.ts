import { expect } from "bun:test";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { listProcesses } from "../../../core/process/table.ts";
import type { Event, TaskSummary } from "../../../core/run/event.ts";
import { makeAgentHome } from "../../support/agent-home.ts";
import { agentPrograms } from "../../support/agents.ts";
import { raBinary } from "../../support/binary.ts";
import { onTestEnd, temporaryDirectory } from "../../support/leftovers.ts";
import { type ModelServer, startModelServer } from "../../support/model-server.ts";
import { type Finished, root, runProgram } from "../../support/program.ts";
import { writeUserConfig } from "../../support/user-config.ts";

/** Milliseconds that one test with real agents may take: three of Kilo at once took two minutes beside other work. */
export const deadlineMs = 600_000;

/** A person's machine: a home, this very repository cloned, agents that talk to a model of the test's own. */
export interface World {
  readonly model: ModelServer;
  readonly repository: string;
  readonly env: Readonly<Record<string, string>>;
  /** Writes the plan that `dispatch` runs. */
  plan(text: string): void;
  /** Runs `ra` to its end, with no terminal. */
  ra(...args: string[]): Promise<Finished>;
  /** Starts `ra` with `--json`. */
  dispatch(...args: string[]): Dispatch;
  git(...args: string[]): Promise<string>;
  /** Fails when the run left a process, a temporary file, a workspace or a changed checkout. */
  expectNothingLeft(): Promise<void>;
}

/** A `ra dispatch` under way. */
export interface Dispatch {
  readonly events: readonly Event[];
  /** The next event that fits, or one that was. Fails when the program ends without one. */
  until(fits: (event: Event) => boolean): Promise<Event>;
  readonly finished: Promise<Finished & { readonly wallMs: number }>;
  /** Kills `ra`, which can do nothing about it. */
  kill(): void;
}

export interface WorldOptions {
  /** The person's own `ra/config.yaml`. */
  readonly userConfig?: string;
  /** A key that the person has logged in to Kilo with; without it Kilo's provider comes from the environment. */
  readonly kiloLogin?: string;
}

/** Makes a world; it goes with the test. */
export async function makeWorld(options: WorldOptions = {}): Promise<World> {
  const binary = await raBinary();
  const model = startModelServer();
  onTestEnd(() => model.stop());
  const place = temporaryDirectory("world");
  const env = makeHome(place, model, options);
  const repository = join(place, "project");
  const git = async (...args: string[]): Promise<string> => {
    const { code, out, err } = await runProgram(["git", ...args], { cwd: place, env });
    if (code !== 0) throw new Error(`git ${args[0]}: ${err}`);
    return out;
  };
  await git("clone", "--quiet", root, repository);
  // Whatever this repository has checked out, a person's has `main` alone.
  await git("-C", repository, "checkout", "--quiet", "--detach");
  const branches = await git("-C", repository, "branch", "--format=%(refname:short)");
  const named = branches.split("\n").filter((name) => /^[^(]/.test(name));
  if (named.length > 0) await git("-C", repository, "branch", "--quiet", "-D", ...named);
  await git("-C", repository, "checkout", "--quiet", "-B", "main");
  const ra = (...args: string[]) => runProgram([binary, ...args], { cwd: repository, env });
  return {
    model,
    repository,
    env,
    plan: (text) => writeFileSync(join(place, "plan.yaml"), text),
    ra,
    dispatch: (...args) =>
      startDispatch([binary, "dispatch", "../plan.yaml", "--json", ...args], repository, env),
    git: (...args) => git("-C", repository, ...args),
    async expectNothingLeft() {
      expect(leftoversIn(place, env)).toEqual([]);
      expect(await git("-C", repository, "status", "--porcelain")).toBe("");
      expect(await git("-C", repository, "branch", "--format=%(refname:short)")).toBe("main\n");
    },
  };
}

function makeHome(place: string, model: ModelServer, options: WorldOptions) {
  const { env } = makeAgentHome(place, model.url, options);
  const home = join(place, "home");
  const identity = "[user]\n\tname = Eve Example\n\temail = eve@example.invalid\n";
  // The project may belong to somebody else, as in a container with a mounted directory.
  writeFileSync(join(home, ".gitconfig"), `${identity}[safe]\n\tdirectory = *\n`);
  writeUserConfig(join(home, ".config"), options.userConfig);
  return {
    ...env,
    PATH: `${agentPrograms}:${process.env.PATH ?? ""}`,
    RA_WORKSPACES: join(place, "workspaces"),
  } as Record<string, string>;
}

function startDispatch(
  argv: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
): Dispatch {
  const began = performance.now();
  const child = Bun.spawn([...argv], { cwd, env, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const events: Event[] = [];
  let noticed = Promise.withResolvers<void>();
  let isOver = false;
  const notice = (): void => {
    noticed.resolve();
    noticed = Promise.withResolvers();
  };
  const read = readLines(child.stdout, (line) => {
    events.push(JSON.parse(line) as Event);
    notice();
  });
  const finish = async () => {
    const [out, err] = await Promise.all([read, child.stderr.text()]);
    await child.exited;
    isOver = true;
    notice();
    return { code: child.exitCode, out, err, wallMs: performance.now() - began };
  };
  const finished = finish();
  onTestEnd(async () => {
    child.kill("SIGTERM");
    await finished;
  });
  return {
    events,
    finished,
    kill: () => child.kill("SIGKILL"),
    async until(fits) {
      for (;;) {
        const found = events.find(fits);
        if (found) return found;
        if (isOver) throw new Error(`ra ended with ${child.exitCode}: ${(await finished).err}`);
        await noticed.promise;
      }
    },
  };
}

async function readLines(
  stream: ReadableStream<Uint8Array>,
  onLine: (line: string) => void,
): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let read = 0;
  for await (const chunk of stream) {
    text += decoder.decode(chunk, { stream: true });
    for (let end = text.indexOf("\n", read); end !== -1; end = text.indexOf("\n", read)) {
      onLine(text.slice(read, end));
      read = end + 1;
    }
  }
  return text;
}

/** Processes, temporary files and workspaces that a run left. */
export function leftoversOf(world: World): readonly string[] {
  return leftoversIn(dirname(world.repository), world.env);
}

function leftoversIn(place: string, env: World["env"]): readonly string[] {
  return [
    ...programsIn(place),
    // `kilo --version` and `opencode --version` make an empty directory of their name.
    ...readdirSync(env.TMPDIR as string).filter((name) => name !== "kilo" && name !== "opencode"),
    ...workspacesIn(env.RA_WORKSPACES as string),
  ];
}

/** What `ra` started in a world and still lives. */
export function programsOf(world: World): readonly string[] {
  return programsIn(dirname(world.repository));
}

/** Everything that carries a path of this world in its environment. */
function programsIn(place: string): string[] {
  const rows = (listProcesses() ?? []).filter(({ pid }) => environmentOf(pid).includes(place));
  return rows.map(({ pid, name }) => `${pid} ${name}`);
}

function environmentOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1");
  } catch {
    return "";
  }
}

/** Directories of attempts that still stand. */
function workspacesIn(top: string): string[] {
  if (!existsSync(top)) return [];
  return readdirSync(top).flatMap((repository) =>
    readdirSync(join(top, repository))
      .filter((name) => name !== ".trash")
      .flatMap((run) => readdirSync(join(top, repository, run)).map((task) => `${run}/${task}`)),
  );
}

/** The commits of the branch since another, oldest first, without what differs from run to run. */
export async function commitsOf(world: World, since: string): Promise<object[]> {
  const format = "--format=%s%x1f%an <%ae>%x1f%(trailers:unfold)%x1e";
  const log = await world.git("log", "--reverse", format, `${since}..HEAD`);
  return log
    .split("\x1e")
    .map((entry) => entry.trim().split("\x1f"))
    .filter((fields) => fields.length === 3)
    .map(([subject, author, trailers = ""]) => ({
      subject,
      author,
      trailers: trailers
        .trim()
        .split("\n")
        .filter((line) => !line.startsWith("Ra-Run: ")),
    }));
}

/** The first thing that reached the model and holds a text. */
export function promptOf(prompts: readonly string[], text: string): string {
  const found = prompts.find((prompt) => prompt.includes(`${text}\n@@`));
  if (found === undefined) throw new Error(`nothing with \`${text}\` reached the model`);
  return found;
}

/** The tasks of a run, as its last line tells of them. */
export function endOf({ events }: Dispatch): readonly TaskSummary[] {
  const last = events.at(-1);
  return last?.type === "run.finished" ? last.tasks : [];
}
