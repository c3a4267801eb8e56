import type { Database } from "bun:sqlite";
import type { Dispatcher } from "../../core/dispatch/dispatcher.ts";
import type { Plan } from "../../core/plan/plan.ts";
import type { ProcessEnd } from "../../core/process/program.ts";
import type { ProcessRequest, Running } from "../../core/process.ts";
import type { Driver } from "./driver.ts";
import type { Random } from "./random.ts";
import type { Store } from "./store.ts";
import type { Timeline } from "./timeline.ts";

/** A workspace on the disk. */
export interface Room {
  readonly path: string;
  readonly run: string;
  readonly task: string;
  readonly attempt: number;
  readonly isolation: "clone" | "worktree" | "in-place" | "none";
  isFilled: boolean;
  files: Map<string, string>;
}

/** What may go wrong in a world; each seed picks. */
export const habitNames = [
  ...["idle", "clash", "stray", "erase", "break", "fail", "crash", "limited", "auth", "hang"],
  ...["stubborn", "leave", "lazyResolver", "flaky", "kill", "power", "io", "full", "takeover"],
  ...["user", "rewind", "dirty", "stop", "interrupt", "jump", "second", "stepThrough"],
] as const;
export type Habit = (typeof habitNames)[number];

/** A program that runs, whoever started it. */
export interface Program {
  readonly pid: number;
  readonly mark: string;
  readonly isStubborn: boolean;
  /** Lives on when its leader ends. */
  readonly leader: number | null;
  end: ProcessEnd | null;
  settle: (end: ProcessEnd) => void;
}

/** The process table, as everybody else sees it. */
export interface ProgramTable {
  isAlive(pid: number): boolean;
  living(which: (program: Program) => boolean): Program[];
  start(driver: Driver, request: ProcessRequest): Running;
  end(driver: Driver, which: (program: Program) => boolean, graceMs: number): Promise<void>;
  killAll(): void;
}

/** Everything outside the production code, as the parts of the world see it. */
export interface Outside {
  readonly seed: number;
  readonly random: Random;
  readonly timeline: Timeline;
  readonly store: Store;
  readonly programs: ProgramTable;
  readonly disk: Map<string, Room>;
  readonly scratch: Map<string, string>;
  readonly leftovers: Room[];
  readonly drivers: Driver[];
  readonly habits: Readonly<Record<Habit, boolean>>;
  readonly plans: ReadonlyMap<string, Plan>;
  readonly memory: Database;
  readonly writes: Map<Driver, number>;
  writesTotal: number;
  readonly checkout: {
    files: Map<string, string>;
    readonly dirty: Map<string, string>;
    landing: { from: string; to: string; by: Driver } | null;
  };
  /** Checks that passed, as `command tree`. */
  readonly verified: Set<string>;
  readonly wrong: string[];
  readonly counts: Map<string, number>;
  /** Facts that somebody was told of, with the virtual time. */
  readonly told: { seq: number; type: string; run: string; atMs: number }[];
  readonly starts: { run: string; task: string; attempt: number; base: string | null }[];
  /** Texts that stood in workspaces when their `ra` was killed. */
  readonly dirtyTexts: Set<string>;
  readonly exits: Map<string, number>;
  readonly trace: string[] | null;
  readonly dispatchers: Map<string, Dispatcher>;
  hasRewound: boolean;
  kills: number;
  skewMs: number;
  /** False: from now on only agents fail. */
  readonly faultsLast: boolean;
  /** Starts that failed although nothing outside did. */
  troubles: number;
  claimDir(task: string): string;
  wallClock(): number;
  latency(): number;
  fresh(): number;
  count(what: string): void;
  note(what: string): void;
  /** One step of a driver in the world outside: it takes time, may fail, and may be its last act. */
  effect(driver: Driver, name: string): Promise<void>;
  /** As `effect`, but it cannot fail. */
  pause(driver: Driver): Promise<void>;
  /** True when the driver dies here, or is dead. */
  isLastAct(driver: Driver, name: string): boolean;
  failMaybe(name: string): void;
  /** One at a time; a dead holder holds nothing. */
  turn<T>(name: string, driver: Driver, work: () => Promise<T>): Promise<T>;
  noteStart(driver: Driver, program: Program, cwd: string): void;
  noteSnapshot(room: Room): void;
  noteMove(driver: Driver): void;
  launch(run: string, takesOver?: boolean): void;
  leave(driver: Driver): void;
}
