import type { ProcessIdentity } from "../id.ts";
import { shimWord } from "./custody.ts";
import { startFailure } from "./failure.ts";
import {
  feed,
  type Hold,
  inputOf,
  markedEnvironment,
  marksToEnd,
  type ProcessEnd,
  type Program,
} from "./program.ts";
import type { ShimOrder, ShimWord } from "./shim.ts";
import { startWhole } from "./start.ts";
import { answers, ownerMark, processIdentity } from "./table.ts";
import { endTree, type Group, ownStartTicks, type Survivor } from "./tree.ts";

/** Starts a program below a shim of its own, which is `self` with a hidden argument. */
export function holdByShim(program: Program, self: readonly [string, ...string[]]): Hold {
  const words: string[] = [shimWord, ownerMark(processIdentity(process.pid))];
  if (program.mark !== undefined) words.push(program.mark);
  const { shim, ward } = startWhole(() => spawnShim(program, [...self, ...words]));
  feed(shim, program);
  const identity = processIdentity(shim.pid);
  const tell = (order: ShimOrder): void => {
    try {
      if (!ward.isAbandoned) shim.send(order);
    } catch {
      // It has just gone. What it told before is still heard, and then that it told no more.
    }
  };
  const { argv, cwd } = program;
  tell({ start: { argv, cwd, env: markedEnvironment(program) } });
  return {
    stdout: shim.stdout,
    stderr: shim.stderr,
    isHeld: true,
    identity,
    exited: ward.exited,
    async end(graceMs, reach) {
      tell({ endWithinMs: graceMs });
      const left = await ward.ended;
      // A shim that was killed has told nothing: what it held is looked for as if there had been none.
      if (left !== null && reach === "held") return left;
      const more = await ward.endRest(graceMs);
      return left === null ? more : [...left, ...more.filter(({ pid }) => !has(left, pid))];
    },
  };
}

function spawnShim(program: Program, argv: string[]) {
  // One each: the end of a shim that did not start is told later, and not of the next one.
  const ward = new Ward(program);
  const shim = Bun.spawn(argv, {
    cwd: "/",
    // No mark: a sweep must not end it before what it holds.
    env: {},
    detached: true,
    stdin: inputOf(program),
    stdout: "pipe",
    stderr: "pipe",
    serialization: "json",
    ipc: (word) => ward.heard(word as ShimWord),
    // Later than the exit: what the shim told last may still be on its way then.
    onDisconnect: () => ward.abandoned(),
  });
  return { pid: shim.pid, shim, ward };
}

function has(survivors: readonly Survivor[], pid: number): boolean {
  return survivors.some((one) => one.pid === pid);
}

/** What is known of a program from its shim. */
class Ward {
  readonly #program: Program;
  readonly #exit = Promise.withResolvers<ProcessEnd>();
  readonly #end = Promise.withResolvers<readonly Survivor[] | null>();
  #leader: ProcessIdentity | null = null;
  isAbandoned = false;

  constructor(program: Program) {
    this.#program = program;
    // Nobody may wait for it yet.
    this.#exit.promise.catch(() => {});
  }

  get exited(): Promise<ProcessEnd> {
    return this.#exit.promise;
  }

  /** What outlived the shim's end; null when the shim was killed. */
  get ended(): Promise<readonly Survivor[] | null> {
    return this.#end.promise;
  }

  heard(word: ShimWord): void {
    if ("started" in word) this.#leader = word.started;
    else if ("exit" in word) {
      this.#exit.resolve(word.exit);
      if (!word.left) this.#end.resolve([]);
    } else if ("ended" in word) this.#end.resolve(word.ended);
    else {
      const { argv, cwd } = this.#program;
      this.#exit.reject(startFailure(argv[0], cwd, { code: word.failed }));
      this.#end.resolve([]);
    }
  }

  /** The shim has gone, and all that it told was heard. */
  abandoned(): void {
    this.isAbandoned = true;
    this.#exit.resolve({ code: null, signal: "SIGKILL" });
    this.#end.resolve(null);
  }

  /** Ends what is found without the shim: the group of the program, and what carries its mark. */
  endRest(graceMs: number): Promise<readonly Survivor[]> {
    const leader = this.#leader;
    const group: Group | null =
      leader === null ? null : { leader, held: () => answers(-leader.pid) && isGroup(leader) };
    const marks = marksToEnd(this.#program);
    const territory = this.#program.territory ?? null;
    const sinceTicks = leader?.startTicks ?? ownStartTicks();
    return endTree({ group, marks, territory, sinceTicks }, graceMs);
  }
}

/** While the leader is there, or nobody has its id, the group with that id is the one that it made. */
function isGroup({ pid, startTicks }: ProcessIdentity): boolean {
  const now = processIdentity(pid).startTicks;
  return now === null || now === startTicks;
}
