import { drainMicrotasks } from "bun:jsc";
import type { Database } from "bun:sqlite";
import type { Dispatcher } from "../../core/dispatch/dispatcher.ts";
import type { Plan } from "../../core/plan/plan.ts";
import { sharedLines } from "./agent.ts";
import { emptied } from "./connection.ts";
import type { Driver } from "./driver.ts";
import { launch } from "./lives.ts";
import { type Habit, habitNames, type Outside, type Program, type Room } from "./outside.ts";
import { inventPlan } from "./plan.ts";
import { Programs } from "./programs.ts";
import { Random } from "./random.ts";
import { scheduleRequests } from "./requests.ts";
import { Store } from "./store.ts";
import { Timeline } from "./timeline.ts";
import { scheduleUser } from "./user.ts";

/** After this time nothing but agents fails any more, in milliseconds. */
const faultsMs = 300_000;

/** A run that has no end after so many moments has none. */
const momentsMax = 20_000;

/** Everything outside the production code, driven by one seed. */
export class World implements Outside {
  readonly seed: number;
  readonly random: Random;
  readonly timeline: Timeline;
  readonly store = new Store();
  readonly programs: Programs;
  readonly disk = new Map<string, Room>();
  readonly scratch = new Map<string, string>();
  readonly leftovers: Room[] = [];
  readonly drivers: Driver[] = [];
  readonly habits: Record<Habit, boolean>;
  readonly plans = new Map<string, Plan>();
  readonly memory: Database;
  readonly writes = new Map<Driver, number>();
  writesTotal = 0;
  readonly checkout = {
    files: new Map<string, string>(),
    dirty: new Map<string, string>(),
    landing: null as { from: string; to: string; by: Driver } | null,
  };
  /** Checks that passed, as `command tree`. */
  readonly verified = new Set<string>();
  readonly wrong: string[] = [];
  readonly counts = new Map<string, number>();
  readonly told: Outside["told"] = [];
  readonly starts: Outside["starts"] = [];
  /** Texts that stood in workspaces when their `ra` was killed. */
  readonly dirtyTexts = new Set<string>();
  readonly exits = new Map<string, number>();
  readonly trace: string[] | null;
  readonly dispatchers = new Map<string, Dispatcher>();
  hasRewound = false;
  kills = 0;
  skewMs = 0;
  troubles = 0;
  #notes = "";
  readonly #dirs = new Map<string, string>();
  readonly #lastActs = new Set<number>();
  readonly #turns = new Map<string, Driver>();
  readonly #full: readonly [number, number];
  #effects = 0;
  #fresh = 0;

  constructor(seed: number, traced = false) {
    this.seed = seed;
    this.trace = traced ? [] : null;
    this.random = new Random(seed);
    const { random } = this;
    this.habits = Object.fromEntries(
      habitNames.map((name) => [name, random.chance(0.4)]),
    ) as World["habits"];
    this.timeline = new Timeline(random);
    this.programs = new Programs(this);
    this.memory = emptied();
    const fullFrom = random.between(0, 60_000);
    this.#full = [fullFrom, fullFrom + random.between(1_000, 40_000)];
    if (this.habits.kill) {
      for (let kills = random.between(1, 3); kills > 0; kills--) {
        let at = random.between(1, 160);
        this.#lastActs.add(at);
        while (random.chance(0.4)) {
          at += random.between(1, 20);
          this.#lastActs.add(at);
        }
      }
    }
    const lines = Array.from({ length: sharedLines }, (_, line) => `line ${line}`).join("\n");
    const files = new Map([
      ["shared.txt", lines],
      ["old/0", "0"],
      ["old/1", "1"],
      ["old/2", "2"],
    ]);
    const root = this.store.commit(this.store.tree(files), null, "root");
    this.store.keep(root);
    this.store.set("refs/heads/main", root);
    this.store.flush("refs/heads/main");
    this.checkout.files = files;
    this.#order("rk2a", "a", 0);
    if (this.habits.second) this.#order("rk2b", "b", random.between(0, 20_000));
    scheduleUser(this);
    scheduleRequests(this);
  }

  /** Plays to the end. */
  play(): void {
    drainMicrotasks();
    while (!this.isOver() && this.timeline.step()) {
      drainMicrotasks();
      if (this.timeline.count > momentsMax) {
        this.wrong.push("INV-14: the run comes to no end");
        return;
      }
    }
  }

  /** True when every run has ended and nobody drives one. */
  isOver(): boolean {
    return this.exits.size === this.plans.size && !this.drivers.some(({ alive }) => alive);
  }

  /** Of everything that happened, in its order. */
  hash(): bigint {
    return BigInt(Bun.hash(this.#notes));
  }

  claimDir(task: string): string {
    return this.#dirs.get(task) ?? "nowhere";
  }

  wallClock(): number {
    return Date.UTC(2026, 0, 1) + Math.floor(this.timeline.now) + this.skewMs;
  }

  latency(): number {
    return this.random.chance(0.05) ? this.random.between(50, 3_000) : this.random.between(1, 20);
  }

  fresh(): number {
    this.#fresh += 1;
    return this.#fresh;
  }

  count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  note(what: string): void {
    const text = `${Math.floor(this.timeline.now)} ${what}`;
    this.trace?.push(text);
    this.#notes += `${text}\n`;
  }

  get faultsLast(): boolean {
    return this.timeline.now < faultsMs;
  }

  /** One step of a driver in the world outside: it takes time, may fail, and may be its last act. */
  effect(driver: Driver, name: string): Promise<void> {
    if (this.isLastAct(driver, name)) return new Promise(() => {});
    return new Promise((resolve, reject) => {
      this.timeline.in(
        this.latency(),
        () => {
          driver.pollMs = 100;
          try {
            this.failMaybe(name);
            resolve();
          } catch (error) {
            reject(error);
          }
        },
        driver,
      );
    });
  }

  /** As `effect`, but it cannot fail. */
  pause(driver: Driver): Promise<void> {
    if (this.isLastAct(driver, "pause")) return new Promise(() => {});
    return new Promise((resolve) => this.timeline.in(this.latency(), resolve, driver));
  }

  /** True when the driver dies here, or is dead. */
  isLastAct(driver: Driver, name: string): boolean {
    if (!driver.alive) return true;
    this.#effects += 1;
    this.note(`${driver.pid} ${name}`);
    if (!this.#lastActs.has(this.#effects) || !this.faultsLast) return false;
    if (this.habits.power && this.random.chance(0.5)) this.cutPower();
    else this.kill(driver, `kill at ${name}`);
    return true;
  }

  failMaybe(name: string): void {
    const { now } = this.timeline;
    const isFull = this.habits.full && now >= this.#full[0] && now < this.#full[1];
    const isBroken = this.habits.io && this.faultsLast && this.random.chance(0.02);
    if (!isFull && !isBroken) return;
    this.count(isFull ? "fault.ENOSPC" : "fault.EIO");
    this.note(`${name} fails`);
    throw new Error(isFull ? "ENOSPC: no space left" : "EIO: i/o error");
  }

  kill(driver: Driver, why: string): void {
    this.note(`${driver.pid} dies: ${why}`);
    this.count("fault.kill");
    for (const room of this.disk.values()) {
      for (const [path, text] of room.files) {
        const mark = `${room.run}/${room.task}/${room.attempt}:`;
        if (path.startsWith(this.claimDir(room.task)) && text.startsWith(mark))
          this.dirtyTexts.add(text);
      }
    }
    this.#bury(driver);
  }

  cutPower(): void {
    this.note("the power is cut");
    this.count("fault.power");
    this.programs.killAll();
    for (const driver of this.drivers) if (driver.alive) this.#bury(driver);
    this.store.cutPower();
    // What the workspaces held may be gone; what is judged by them is not asked for any more.
    this.dirtyTexts.clear();
  }

  /** One at a time; a dead holder holds nothing. Null after 30 s. */
  async turn<T>(name: string, driver: Driver, work: () => Promise<T>): Promise<T> {
    const deadline = this.timeline.now + 30_000;
    while (this.#turns.get(name)?.alive && this.#turns.get(name) !== driver) {
      if (this.timeline.now > deadline) return { kind: "refused", reason: "another `ra`" } as T;
      await this.pause(driver);
    }
    this.#turns.set(name, driver);
    try {
      return await work();
    } finally {
      if (this.#turns.get(name) === driver) this.#turns.delete(name);
    }
  }

  /** A program starts: it must be the only one at its task. */
  noteStart(driver: Driver, program: Program, cwd: string): void {
    this.note(`${driver.pid} starts ${program.mark}`);
    const [run = "", task = "", attempt = ""] = program.mark.split("/");
    if (attempt === "verify") return;
    const rivals = this.programs.living(({ mark, pid, leader }) => {
      // What a plain command left behind is looked for a little later.
      if (leader !== null) return false;
      const isOfTask = mark.startsWith(`${run}/${task}/`) && !mark.endsWith("/verify");
      return isOfTask && pid < program.pid && mark !== program.mark;
    });
    for (const { mark } of rivals) this.wrong.push(`INV-6: ${program.mark} starts beside ${mark}`);
    const base = this.store.ref(`refs/ra/${program.mark}.base`);
    this.starts.push({ run, task, attempt: Number(attempt), base });
    if (!this.disk.has(cwd)) this.wrong.push(`INV-1: ${program.mark} starts in no workspace`);
  }

  /** A workspace is looked at: nobody may be at work in it. */
  noteSnapshot({ run, task, attempt }: Room): void {
    const mark = `${run}/${task}/${attempt}`;
    const left = this.programs.living((each) => each.mark === mark && each.leader === null);
    if (left.length > 0) this.wrong.push(`INV-6: ${mark} is kept while its agent works`);
  }

  noteMove(driver: Driver): void {
    this.note(`${driver.pid} moves the target`);
    this.count("target.moved");
  }

  /** Starts an `ra` that goes on with a run. `takesOver`: although its owner lives. */
  launch(run: string, takesOver = false): void {
    launch(this, run, takesOver);
  }

  #bury(driver: Driver): void {
    this.kills += 1;
    this.leave(driver);
    this.timeline.in(this.random.between(10, 8_000), () => this.launch(driver.run));
  }

  leave(driver: Driver): void {
    driver.alive = false;
    this.store.forget(driver.pid);
    if (this.memory.inTransaction) this.memory.run("rollback");
  }

  #order(run: string, prefix: string, afterMs: number): void {
    const { plan, dirs } = inventPlan(this.random, prefix, this.seed);
    this.plans.set(run, plan);
    for (const [task, dir] of dirs) this.#dirs.set(task, dir);
    this.timeline.in(afterMs, () => this.launch(run));
  }
}
