import { closeSync, openSync, readdirSync, readFileSync } from "node:fs";
import type { ProcessIdentity } from "../id.ts";
import { libc } from "./libc.ts";
import { kill } from "./signal.ts";
import { listProcesses, processIdentity, readProcess } from "./table.ts";
import { askTree, endTree, killMs, type Survivor } from "./tree.ts";

/** `PR_SET_PDEATHSIG` and `PR_SET_CHILD_SUBREAPER` of Linux. */
const [setDeathSignal, setSubreaper] = [1, 36];

/** The number of TERM. */
const term = 15;

/** How long what a program left has between TERM and KILL when `ra` is dead, in milliseconds. */
const graceMs = 2_000;

/** What a shim is told. */
export type ShimOrder =
  | {
      readonly start: {
        readonly argv: readonly [string, ...string[]];
        readonly cwd: string;
        readonly env: Readonly<Record<string, string>>;
      };
    }
  | { readonly endWithinMs: number };

/** What a shim tells. */
export type ShimWord =
  | { readonly started: ProcessIdentity }
  /** The code of the system's error. */
  | { readonly failed: string }
  /** The end of the program. `left`: something that it started still runs, and the shim with it. */
  | {
      readonly exit: { readonly code: number | null; readonly signal: NodeJS.Signals | null };
      readonly left: boolean;
    }
  | { readonly ended: readonly Survivor[] };

/**
 * Stands between `ra` and one program: what the program leaves, whatever it did to its session and its environment,
 * becomes a child of this process, and is ended with it. It ends itself when it is told to or when `ra` dies. Its
 * standard streams are those of the program; it prints nothing. `owner`: the mark of the `ra` that started it.
 */
export function runShim(owner: string): Promise<void> {
  const parent = Number(owner.split(":")[1]);
  const system = libc();
  system?.prctl(setSubreaper, 1);
  system?.prctl(setDeathSignal, term);
  const done = Promise.withResolvers<void>();
  const shim = new Shim(done.resolve);
  process.on("SIGTERM", () => {
    if ((system?.getppid() ?? process.ppid) !== parent) void shim.end(graceMs);
    else shim.passOn("SIGTERM");
  });
  for (const name of ["SIGINT", "SIGHUP"] as const) process.on(name, () => shim.passOn(name));
  process.on("disconnect", () => void shim.end(graceMs));
  process.on("message", (order: ShimOrder) => {
    if ("start" in order) shim.start(order.start);
    else void shim.end(order.endWithinMs);
  });
  // Dead before the signal was asked for.
  if (system !== null && system.getppid() !== parent) done.resolve();
  return done.promise;
}

class Shim {
  readonly #done: () => void;
  #child: Bun.Subprocess | null = null;
  #ending = false;

  constructor(done: () => void) {
    this.#done = done;
  }

  start({ argv, cwd, env }: Extract<ShimOrder, { start: unknown }>["start"]): void {
    try {
      const child = Bun.spawn([...argv], {
        cwd,
        env,
        // A signal to its whole group must not reach this process.
        detached: true,
        stdio: ["inherit", "inherit", "inherit"],
      });
      this.#child = child;
      closeStreams();
      say({ started: processIdentity(child.pid) });
      void child.exited.then(() => this.#over(child));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      say({ failed: code ?? (error as Error).message }, this.#done);
    }
  }

  passOn(name: NodeJS.Signals): void {
    if (this.#child !== null && !isOver(this.#child)) kill(this.#child.pid, name);
  }

  /** Ends everything below, tells of what did not end, and exits. */
  async end(withinMs: number): Promise<void> {
    if (this.#ending) return;
    this.#ending = true;
    const survivors = await endBelow(this.#child, withinMs);
    say({ ended: survivors }, this.#done);
  }

  #over(child: Bun.Subprocess): void {
    const exit = { code: child.exitCode, signal: child.signalCode as NodeJS.Signals | null };
    const left = this.#ending || below(child).length > 0;
    say({ exit, left }, left ? undefined : this.#done);
  }
}

function isOver(child: Bun.Subprocess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** Tells `ra`, and goes on once that is told; at once when nobody listens any more. */
function say(word: ShimWord, then: () => void = () => {}): void {
  if (process.connected && process.send) process.send(word, undefined, undefined, then);
  else then();
}

/** Whoever reads the output of the program must not wait for this process to end. */
function closeStreams(): void {
  const nothing = openSync("/dev/null", "r+");
  for (const stream of [0, 1, 2]) libc()?.dup2(nothing, stream);
  closeSync(nothing);
}

async function endBelow(
  child: Bun.Subprocess | null,
  withinMs: number,
): Promise<readonly Survivor[]> {
  if (listProcesses() === null) return endGroupOf(child, withinMs);
  const root = processIdentity(process.pid);
  const tree = { group: null, marks: new Set<string>(), territory: null, sinceTicks: 0, root };
  if (below(child).length > 0) await askTree(tree, withinMs);
  // Whoever loses its parent comes to this process: killing its children over and over ends any tree from the top.
  const deadline = performance.now() + killMs;
  for (let round = 0; ; round++) {
    const left = below(child);
    if (left.length === 0) return [];
    // A child keeps its id until it is reaped, which nobody but this process does.
    for (const pid of left) kill(pid, "SIGKILL");
    if (performance.now() > deadline) return left.map(named);
    // The runtime takes an exit only when it gets a turn.
    if (round % busyRounds === 0 || left[0] === child?.pid) await Bun.sleep(1);
  }
}

/** Looks in a row without a pause: what forks and ends at once is there for a fraction of a millisecond. */
const busyRounds = 50;

/**
 * The children that run, after those that have ended are reaped. Empty only when a list was: what a child leaves when it
 * ends joins the list after that was read, so a list of the dead proves nothing.
 */
function below(child: Bun.Subprocess | null): number[] {
  const system = libc();
  for (;;) {
    const listed = childrenOf(process.pid);
    const running = listed.filter((pid) => {
      const state = readProcess(pid)?.state ?? "Z";
      // The runtime takes the exit of what it started.
      if (state !== "Z" || (pid === child?.pid && !isOver(child))) return true;
      system?.reap(pid);
      return false;
    });
    if (running.length > 0 || listed.length === 0 || system === null) return running;
  }
}

function childrenOf(pid: number): number[] {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    const lists = threads.map((id) => readFileSync(`/proc/${pid}/task/${id}/children`, "latin1"));
    return lists.flatMap((list) => list.split(" ").filter(Boolean).map(Number));
  } catch {
    // The kernel may have been built without these lists, and threads come and go.
    return (listProcesses() ?? []).flatMap((row) => (row.parent === pid ? [row.pid] : []));
  }
}

function named(pid: number): Survivor {
  return { pid, name: readProcess(pid)?.name ?? "" };
}

/** Without `/proc` only the group of the program can be reached. */
async function endGroupOf(
  child: Bun.Subprocess | null,
  withinMs: number,
): Promise<readonly Survivor[]> {
  if (child === null) return [];
  const leader = { pid: child.pid, startTicks: null };
  const group = { leader, held: () => true };
  const tree = { group, marks: new Set<string>(), territory: null, sinceTicks: 0 };
  return await endTree(tree, withinMs);
}
