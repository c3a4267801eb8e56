import type { ProcessEnd } from "../../core/process/program.ts";
import type { ProcessRequest, Running } from "../../core/process.ts";
import { type Script, scriptOf } from "./agent.ts";
import type { Driver } from "./driver.ts";
import type { Outside, Program, ProgramTable } from "./outside.ts";

/** The process table. Programs outlive the driver that started them. */
export class Programs implements ProgramTable {
  readonly table: Program[] = [];
  readonly #world: Outside;
  #pid = 1_000_000;

  constructor(world: Outside) {
    this.#world = world;
  }

  isAlive(pid: number): boolean {
    return this.table.some((each) => each.pid === pid && each.end === null);
  }

  living(which: (program: Program) => boolean): Program[] {
    return this.table.filter((each) => each.end === null && which(each));
  }

  start(driver: Driver, { argv, cwd, mark = "" }: ProcessRequest): Running {
    const world = this.#world;
    const script = scriptOf(world, argv, cwd, mark);
    const ended = Promise.withResolvers<ProcessEnd>();
    const program = this.#add(mark, script.isStubborn, null, (end) => {
      world.timeline.in(world.latency(), () => ended.resolve(end), driver);
    });
    if (script.leaves) this.#add(mark, false, program.pid, () => {});
    world.noteStart(driver, program, cwd);
    this.#play(program, script);
    return {
      identity: { pid: program.pid, startTicks: program.pid },
      isHeld: true,
      ended: ended.promise,
      end: async (graceMs) => {
        await this.end(driver, (each) => each === program || each.mark === mark, graceMs);
        return [];
      },
    };
  }

  /** TERM, and KILL after the grace time. */
  async end(driver: Driver, which: (program: Program) => boolean, graceMs: number): Promise<void> {
    const world = this.#world;
    for (;;) {
      const members = this.living(which);
      if (members.length === 0) return;
      const waitMs = members.some(({ isStubborn }) => isStubborn) ? graceMs : 5;
      await new Promise<void>((resolve) => world.timeline.in(waitMs, resolve, driver));
      for (const each of members) this.kill(each);
    }
  }

  kill(program: Program, end: ProcessEnd = { code: null, signal: "SIGKILL" }): void {
    if (program.end !== null) return;
    program.end = end;
    program.settle(end);
  }

  /** The machine stops. */
  killAll(): void {
    for (const each of this.table) each.end ??= { code: null, signal: "SIGKILL" };
  }

  #add(
    mark: string,
    isStubborn: boolean,
    leader: number | null,
    settle: Program["settle"],
  ): Program {
    this.#pid += 1;
    const program: Program = { pid: this.#pid, mark, isStubborn, leader, end: null, settle };
    this.table.push(program);
    return program;
  }

  #play(program: Program, script: Script, from = 0): void {
    const act = script.acts[from];
    if (act === undefined) return;
    this.#world.timeline.in(act.afterMs, () => {
      if (program.end !== null) return;
      if (act.work() === "hang") return;
      if (from + 1 < script.acts.length) this.#play(program, script, from + 1);
      else this.kill(program, { code: script.code(), signal: null });
    });
  }
}
