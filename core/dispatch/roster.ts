import { assert } from "../assert.ts";
import { type Claim, compileClaim, overlap } from "../plan/claim.ts";
import { globOfPath } from "../plan/glob.ts";
import type { Graph } from "../plan/graph.ts";
import type { Isolation, Plan, Task } from "../plan/plan.ts";
import { runnersOf } from "../plan/task-runners.ts";
import type { Runner } from "../plugin/runner.ts";
import type { Fact, WaitReason } from "../run/event.ts";
import type { ForeignClaim } from "../run/log.ts";
import type { Landing, Outcome } from "../run/model.ts";
import type { GlobPair, Obstacle, Schedulable, Schedule } from "../run/schedule.ts";
import type { RunState } from "../run/state.ts";
import type { Assignment } from "./assignment.ts";
import type { AttemptEnd } from "./attempt.ts";
import { holders } from "./claim-extension.ts";
import { type Asked, type Clash, clashMessage } from "./clash.ts";
import type { Tries } from "./policy.ts";

/** How a result landed, and what it was; none where there was nothing to land. */
interface LandedResult {
  readonly landing: Landing;
  readonly result?: Pick<Clash, "base" | "commit">;
}

interface Tally {
  number: number;
  counted: number;
  limited: number;
  conflicts: number;
  before: string | null;
  clash: Clash | null;
}

/** The tasks of a run by position: what each claims, who runs it, how often it was tried. */
export class Roster {
  readonly #plan: Plan;
  readonly #runners: ReadonlyMap<string, Runner>;
  readonly #priority: readonly number[];
  readonly #graph: Graph;
  readonly #claims: readonly Claim[];
  readonly #tallies: Tally[];
  readonly #positions: ReadonlyMap<string, number>;
  readonly #before: RunState | undefined;
  readonly #current = new Map<number, Assignment>();
  readonly #grown = new Map<number, Claim>();
  readonly #clashes = new Map<string, GlobPair | null>();

  constructor(input: {
    readonly plan: Plan;
    readonly graph: Graph;
    readonly runners: ReadonlyMap<string, Runner>;
    /** Longest way to the end of the graph, by position. */
    readonly priority: readonly number[];
    /** What the log knows of the run already: attempts count on after a resume. */
    readonly state: RunState | undefined;
    /** Conflicts that were open when the run broke off, by task. */
    readonly clashes?: ReadonlyMap<string, Clash>;
  }) {
    const { plan, state } = input;
    this.#plan = plan;
    this.#graph = input.graph;
    this.#runners = input.runners;
    this.#priority = input.priority;
    this.#before = state;
    this.#claims = plan.tasks.map((task) => compileClaim(task.touching, plan.shared));
    this.#positions = new Map(plan.tasks.map((task) => [task.id, task.position]));
    this.#tallies = plan.tasks.map((task) => ({
      number: state?.tasks.get(task.id)?.attempts.length ?? 0,
      counted: 0,
      limited: 0,
      conflicts: input.clashes?.has(task.id) ? 1 : 0,
      before: null,
      clash: input.clashes?.get(task.id) ?? null,
    }));
  }

  /** Paths that every task may change. */
  get shared(): readonly string[] {
    return this.#plan.shared;
  }

  task(position: number): Task {
    return this.#plan.tasks[position] as Task;
  }

  positionOf(id: string): number | null {
    return this.#positions.get(id) ?? null;
  }

  /** What tasks of the plan were asked to do; ids that are not of the plan are passed over. */
  asked(ids: readonly string[]): Asked[] {
    return ids.flatMap((id) => {
      const position = this.positionOf(id);
      return position === null ? [] : [{ id, work: this.task(position).work }];
    });
  }

  /** After a resume: what has ended stays ended, and what needed it was told then. */
  settleBefore(schedule: Schedule): void {
    for (const { position, id } of this.#plan.tasks) {
      const task = this.#before?.tasks.get(id);
      if (!task || task.finishedAt === null || schedule.settled(position)) continue;
      if (task.status === "done") schedule.done(position);
      else schedule.fail(position);
    }
  }

  schedulables(): Schedulable[] {
    return this.#plan.tasks.map((task, position) => ({
      deps: this.#graph.deps[position] as readonly number[],
      priority: this.#priority[position] as number,
      alone:
        !task.parallel ||
        runnersOf(task).some((name) => !this.#runner(name).traits.parallel) ||
        this.#isolation(task) === "in-place",
      runner: task.runner,
      claim: task.touching.length === 0 ? "" : task.touching.join("\0"),
    }));
  }

  /** Which globs of two tasks meet. Tasks with the same globs share one look. */
  clash(mine: number, theirs: number): GlobPair | null {
    const one = this.task(mine).touching;
    const other = this.task(theirs).touching;
    if (one.length === 0 || other.length === 0) return null;
    const grown = this.#grown.get(theirs);
    if (grown) return overlap(this.claim(mine), grown);
    const key = `${one.join("\0")}\u0001${other.join("\0")}`;
    const known = this.#clashes.get(key);
    if (known !== undefined) return known;
    const found = overlap(this.claim(mine), this.claim(theirs));
    this.#clashes.set(key, found);
    return found;
  }

  /** The claim of a task whose result is being landed has grown by these paths; until its next attempt. */
  grow(position: number, paths: readonly string[]): void {
    const globs = [...this.task(position).touching, ...paths.map(globOfPath)];
    this.#grown.set(position, compileClaim(globs, this.#plan.shared));
  }

  claim(position: number): Claim {
    return this.#claims[position] as Claim;
  }

  /** The claim of another run that keeps a task back. */
  foreignClash(
    position: number,
    claims: readonly ForeignClaim[],
  ): Extract<WaitReason, { kind: "claim" }> | null {
    for (const { by, claim } of holders(claims, this.#plan.shared)) {
      const met = overlap(this.claim(position), claim);
      if (met) return { kind: "claim", glob: met.mine, by, theirs: met.theirs };
    }
    return null;
  }

  /** An obstacle in the words of the log. */
  waitReason(run: string, obstacle: Obstacle): WaitReason {
    if (obstacle.kind !== "claim") return obstacle;
    const by = `${run}/${this.task(obstacle.by).id}`;
    return { kind: "claim", glob: obstacle.globs.mine, by, theirs: obstacle.globs.theirs };
  }

  /** Makes the next attempt of a task. */
  assign(position: number): Assignment {
    const task = this.task(position);
    const tally = this.#tally(position);
    tally.number += 1;
    this.#grown.delete(position);
    const resolves = tally.clash !== null && task.onConflict === "agent";
    const resolver = resolves ? task.resolver : null;
    const runner = this.#runner(resolver?.runner ?? task.runner);
    const isolation = this.#isolation(task);
    const assignment: Assignment = {
      position,
      task,
      number: tally.number,
      runner,
      model: resolver === null ? this.#model(task) : resolver.model,
      // The user's checkout does not hold the conflict, and must not.
      isolation: resolves && isolation === "in-place" ? "clone" : isolation,
      stepping: !runner.traits.parallel,
      before: tally.before,
      clash: tally.clash,
      resolves,
    };
    this.#current.set(position, assignment);
    return assignment;
  }

  /** Takes up the results of an earlier process of the run, as far as their tasks may run beside each other now. */
  *takeUp(
    schedule: Schedule,
    results: ReadonlyMap<string, AttemptEnd> = new Map(),
  ): Iterable<readonly [number, AttemptEnd]> {
    for (const [id, end] of results) {
      const position = this.positionOf(id);
      const attempt = this.#before?.tasks.get(id)?.attempts.at(-1);
      if (position === null || !attempt || !schedule.takeThis(position)) continue;
      const { number, model, isolation } = attempt;
      const runner = this.#runner(attempt.runner);
      const own = { position, task: this.task(position), number, runner, model, isolation };
      const rest = {
        stepping: !runner.traits.parallel,
        before: null,
        clash: null,
        resolves: false,
      };
      this.#current.set(position, { ...own, ...rest });
      yield [position, end];
    }
  }

  /** Undoes `assign`: the attempt was not recorded. */
  takeBack(position: number): void {
    this.#tally(position).number -= 1;
    this.#current.delete(position);
  }

  current(position: number): Assignment {
    const assignment = this.#current.get(position);
    assert(assignment, `task at ${position} has no attempt`);
    return assignment;
  }

  /** Counts an attempt that ended. A rate limit costs none. */
  count(position: number, outcome: Outcome): Tries {
    const tally = this.#tally(position);
    if (outcome.kind === "rate-limited") tally.limited += 1;
    else {
      tally.counted += 1;
      tally.limited = 0;
    }
    return this.tries(position);
  }

  tries(position: number): Tries {
    const { counted, limited, conflicts } = this.#tally(position);
    const { clash, resolves, number: attempts } = this.current(position);
    const resolving = resolves && clash !== null ? clashMessage(clash) : null;
    return { counted, limited, attempts, conflicts, resolving };
  }

  /** Keeps the reason why an attempt did not land, for the prompt of the next. */
  remember(position: number, message: string): void {
    this.#tally(position).before = message;
  }

  /** Counts how a result landed. A conflict is kept for the next attempt. */
  countLanding(position: number, { landing, result }: LandedResult): Tries {
    if (landing.kind === "conflicted") {
      const tally = this.#tally(position);
      const { paths, with: others } = landing;
      tally.conflicts += 1;
      tally.clash = result ? { attempt: tally.number, paths, with: others, ...result } : null;
    }
    return this.tries(position);
  }

  skippedFact(position: number, because: string): Fact {
    const { id } = this.task(position);
    return {
      type: "task.finished",
      task: id,
      status: "skipped",
      error: null,
      commit: null,
      because,
    };
  }

  #runner(name: string): Runner {
    const runner = this.#runners.get(name);
    assert(runner, `runner ${name} was not loaded`);
    return runner;
  }

  #model({ model, tier, runner }: Task): string | null {
    return model ?? (tier === null ? null : (this.#plan.models[runner]?.[tier] ?? null));
  }

  #isolation(task: Task): Isolation {
    return task.isolation ?? this.#runner(task.runner).traits.isolation;
  }

  #tally(position: number): Tally {
    return this.#tallies[position] as Tally;
  }
}
