import { assert } from "../assert.ts";
import { type Claim, compileClaim, overlap } from "../plan/claim.ts";
import { globOfPath } from "../plan/glob.ts";
import type { Graph } from "../plan/graph.ts";
import type { Isolation, Plan, Task } from "../plan/plan.ts";
import { runnersOf } from "../plan/task-runners.ts";
import type { Runner } from "../plugin/runner.ts";
import type { WaitReason } from "../run/event.ts";
import type { ForeignClaim } from "../run/log.ts";
import type { Landing, Outcome } from "../run/model.ts";
import type { Routable } from "../run/routes.ts";
import type { GlobPair, Schedulable, Schedule } from "../run/schedule.ts";
import type { RunState } from "../run/state.ts";
import type { Assignment } from "./assignment.ts";
import type { AttemptEnd } from "./attempt.ts";
import { holders } from "./claim-extension.ts";
import { type Asked, type Clash, clashMessage } from "./clash.ts";
import { type Doer, Doers, hopelessClass, routeOf } from "./doers.ts";
import type { Tries } from "./policy.ts";
import { Tally } from "./tally.ts";

/** How a result landed, and what it was; none where there was nothing to land. */
interface LandedResult {
  readonly landing: Landing;
  readonly result?: Pick<Clash, "base" | "commit">;
}

/** The tasks of a run by position: what each claims, who runs it, how often it was tried. */
export class Roster {
  readonly #plan: Plan;
  readonly #runners: ReadonlyMap<string, Runner>;
  readonly #doersOf: Doers;
  readonly #priority: readonly number[];
  readonly #graph: Graph;
  readonly #claims: readonly Claim[];
  readonly #tallies: Tally[];
  readonly #positions: ReadonlyMap<string, number>;
  readonly #before: RunState | undefined;
  readonly #current = new Map<number, Assignment>();
  readonly #grown = new Map<number, Claim>();
  readonly #clashes = new Map<string, GlobPair | null>();
  #limited = 0;

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
    /** The account of a runner, where the config names one. */
    readonly accounts?: Readonly<Record<string, string>>;
  }) {
    const { plan, state } = input;
    this.#plan = plan;
    this.#graph = input.graph;
    this.#runners = input.runners;
    this.#doersOf = new Doers(plan, input.accounts ?? {});
    this.#priority = input.priority;
    this.#before = state;
    this.#claims = plan.tasks.map((task) => compileClaim(task.touching, plan.shared));
    this.#positions = new Map(plan.tasks.map((task) => [task.id, task.position]));
    this.#tallies = plan.tasks.map(
      ({ id }) => new Tally(state?.tasks.get(id)?.attempts.length, input.clashes?.get(id)),
    );
  }

  /** Paths that every task may change. */
  get shared(): readonly string[] {
    return this.#plan.shared;
  }

  /** The plan, and what the log knew of the run before. */
  get history(): { readonly plan: Plan; readonly before: RunState | undefined } {
    return { plan: this.#plan, before: this.#before };
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
        this.#isolations(task).includes("in-place"),
      ...this.route(position),
      patienceMs: task.fallbackAfterMs ?? 0,
      claim: task.touching.length === 0 ? "" : task.touching.join("\0"),
    }));
  }

  /** Who may do the next attempt of a task, for the schedule. */
  route(position: number): Omit<Routable, "patienceMs"> {
    return routeOf(this.#doers(position));
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

  /**
   * Makes the next attempt of a task. `choice`: which of those of its route does it. `restWords`: why a provider is passed
   * over.
   */
  assign(
    position: number,
    choice = 0,
    restWords: (provider: string) => string = String,
  ): Assignment {
    const task = this.task(position);
    const tally = this.#tally(position);
    tally.number += 1;
    this.#grown.delete(position);
    const resolves = tally.resolves(task);
    const doer = this.#doers(position)[choice] as Doer;
    const runner = this.#runner(doer.runner);
    const isolation = task.isolation ?? runner.traits.isolation;
    const assignment: Assignment = {
      position,
      task,
      number: tally.number,
      runner,
      model: doer.model,
      provider: doer.provider,
      instead: this.#doersOf.fellBack(task, tally, choice, restWords),
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
      const provider = attempt.provider ?? null;
      const own = { position, task: this.task(position), number, runner, model, provider };
      const rest = {
        isolation,
        instead: null,
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

  /** True for the newest attempt of its task. */
  isCurrent(assignment: Assignment): boolean {
    return this.#current.get(assignment.position) === assignment;
  }

  /** Counts an attempt that ended. A rate limit or a full disk costs none. */
  count(position: number, outcome: Outcome): Tries {
    if (outcome.kind === "rate-limited") this.#limited += 1;
    this.#tally(position).count(outcome);
    return this.tries(position);
  }

  /** True when whoever did the last attempt cannot do the task, and somebody else now gets it. */
  passOver(position: number, outcome: Outcome): boolean {
    const failure = hopelessClass(outcome);
    const tally = this.#tally(position);
    if (failure === null || outcome.kind !== "failed" || this.current(position).resolves)
      return false;
    if (this.#doers(position).length < 2) return false;
    tally.passOver(`${failure}: ${outcome.message}`);
    return true;
  }

  tries(position: number): Tries {
    const { counted, limited, conflicts } = this.#tally(position);
    const { clash, resolves, number: attempts } = this.current(position);
    const resolving = resolves && clash !== null ? clashMessage(clash) : null;
    return { counted, limited, limitedInRun: this.#limited, attempts, conflicts, resolving };
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

  #runner(name: string): Runner {
    const runner = this.#runners.get(name);
    assert(runner, `runner ${name} was not loaded`);
    return runner;
  }

  #doers(position: number): readonly Doer[] {
    return this.#doersOf.next(this.task(position), this.#tally(position));
  }

  #isolations(task: Task): readonly Isolation[] {
    return runnersOf(task).map((name) => task.isolation ?? this.#runner(name).traits.isolation);
  }

  #tally(position: number): Tally {
    return this.#tallies[position] as Tally;
  }
}
