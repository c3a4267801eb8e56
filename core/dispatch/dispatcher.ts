import { assert } from "../assert.ts";
import type { Fact } from "../run/event.ts";
import type { RunStatus, TaskError } from "../run/model.ts";
import { Schedule } from "../run/schedule.ts";
import type { Assignment } from "./assignment.ts";
import type { AttemptEnd } from "./attempt.ts";
import { finishedFact, startedFact } from "./attempt-facts.ts";
import type { DispatcherOptions } from "./dispatcher-options.ts";
import { Gate } from "./gate.ts";
import type { Landed } from "./hands.ts";
import { Inbox, type Message } from "./inbox.ts";
import { afterAttempt, afterLanding, type Step } from "./policy.ts";
import type { Roster } from "./roster.ts";
import { RunCaps } from "./run-caps.ts";
import { endStandoff } from "./standoff.ts";
import { finishRun } from "./summary.ts";
import { WaitingRoom } from "./waiting-room.ts";
import { watchLog } from "./watch.ts";

/**
 * The only loop that decides: obey requests, start what fits, await one thing, commit what it means, land it.
 * Attempts and merges run beside it and never write to the log.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #roster: Roster;
  readonly #schedule: Schedule;
  readonly #waiting: WaitingRoom;
  readonly #gate = new Gate();
  readonly #inbox = new Inbox<Message>();
  readonly #caps: RunCaps;
  readonly #cancels = new Map<number, AbortController>();
  /** The claim of another run that a task was told of last. */
  readonly #told = new Map<number, string>();
  readonly #attempts = new Set<Promise<void>>();
  readonly #closing: Promise<void>[] = [];
  #ending: "stopped" | "interrupted" | null = null;
  #obeyed = 0;
  #cancelled = false;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#roster = options.roster;
    this.#schedule = new Schedule(options.roster.schedulables(), {
      concurrency: options.concurrency,
      perRunner: options.perRunner,
      clash: (mine, theirs) => options.roster.clash(mine, theirs),
    });
    this.#waiting = new WaitingRoom(options.clock, this.#schedule, (position) =>
      this.#inbox.push({ kind: "due", position }),
    );
    this.#caps = new RunCaps(options);
    options.roster.settleBefore(this.#schedule);
  }

  /** Runs the plan to its end and records it. */
  async run(): Promise<{ status: RunStatus; exitCode: number }> {
    const { log, run, hands, clock } = this.#options;
    const wake = (): void => this.#inbox.push({ kind: "wake" });
    const stopWatching = watchLog(log, run, clock, {
      onRequest: wake,
      onPoll: (changed) => (this.#waiting.foreignDue(changed) || changed ? wake() : undefined),
    });
    const stopCounting = this.#caps.follow();
    try {
      await this.#obey();
      const before = this.#roster.takeUp(this.#schedule, this.#options.results);
      for (const [position, end] of before) this.#land(position, end);
      for (;;) {
        await this.#startWhatFits();
        if (await this.#finished()) break;
        for (const message of await this.#inbox.take()) await this.#handle(message);
      }
    } catch (error) {
      // Nobody will watch what runs now, so it ends with the run.
      this.#cancelAll("a fault");
      await Promise.all(this.#attempts);
      throw error;
    } finally {
      stopWatching();
      stopCounting();
      this.#waiting.close();
    }
    await Promise.all(this.#closing);
    // The target moves only when the log holds everything that it will contain.
    await log.commit(run, () => []);
    return finishRun({ log, run, published: await hands.publish(), ending: this.#ending, hands });
  }

  /** First call: nothing new starts. Second: what runs is ended, its work kept. */
  interrupt(): void {
    if (this.#ending === null) this.#ending = "interrupted";
    else this.#cancelAll("interrupt");
    this.#inbox.push({ kind: "wake" });
  }

  async #startWhatFits(): Promise<void> {
    this.#waiting.retryForeign();
    const allStarted = Promise.withResolvers<void>();
    this.#ending ??= this.#caps.allow() ? null : "stopped";
    try {
      while (this.#ending === null && !this.#gate.paused) {
        const position = this.#gate.open ? this.#schedule.take() : this.#takeFromGroup();
        if (position === null) break;
        await this.#start(position, allStarted.promise);
      }
    } finally {
      allStarted.resolve();
    }
    const { running } = this.#schedule;
    if (this.#gate.open && this.#options.stepThrough && running.size > 0) {
      this.#gate.close([...running, ...this.#waiting.parked]);
    }
    this.#tellObstacles();
    await this.#endStandoff();
  }

  #takeFromGroup(): number | null {
    return [...this.#gate.group].find((position) => this.#schedule.takeThis(position)) ?? null;
  }

  /** Attempts wait for `together`, so that each agent can be told of all that start with it. */
  async #start(position: number, together: Promise<void>): Promise<void> {
    const { log, run, hands } = this.#options;
    const assignment = this.#roster.assign(position);
    const fact = startedFact(assignment);
    if (assignment.task.touching.length === 0) log.append(run, [fact]);
    else if (!(await this.#commitUnlessClaimed(assignment, fact))) {
      this.#roster.takeBack(position);
      this.#waiting.holdForeign(position);
      return;
    }
    const cancel = new AbortController();
    this.#cancels.set(position, cancel);
    if (assignment.stepping) this.#gate.close([position]);
    const attempt = together
      .then(() => hands.attempt(assignment, cancel.signal))
      .then((end) => {
        this.#attempts.delete(attempt);
        this.#inbox.push({ kind: "ended", position, end });
      });
    this.#attempts.add(attempt);
  }

  /** Records the start in the transaction that looks at the claims of other runs. False: one is in the way. */
  async #commitUnlessClaimed(assignment: Assignment, fact: Fact): Promise<boolean> {
    const { log, run } = this.#options;
    const { position, task } = assignment;
    let free = false;
    await log.commit(run, (decision) => {
      const reason = this.#roster.foreignClash(position, decision.foreignClaims());
      free = reason === null;
      if (reason === null) return [fact];
      const claim = `${reason.by} ${reason.theirs}`;
      if (this.#told.get(position) === claim) return [];
      this.#told.set(position, claim);
      return [{ type: "task.waiting", task: task.id, reason }];
    });
    return free;
  }

  async #endStandoff(): Promise<void> {
    const { log, run, hands } = this.#options;
    const waiting = this.#waiting.foreign;
    if (waiting.size === 0 || this.#schedule.running.size > 0 || !hands.unpublished) return;
    await endStandoff({ log, run, roster: this.#roster, hands, waiting });
  }

  #tellObstacles(): void {
    const { log, run } = this.#options;
    const facts: Fact[] = this.#schedule.obstaclesFound().map(([position, obstacle]) => {
      const task = this.#roster.task(position).id;
      return { type: "task.waiting", task, reason: this.#roster.waitReason(run, obstacle) };
    });
    if (facts.length > 0) log.append(run, facts);
  }

  /** True when nothing is left to do. Pauses a step-through run between groups. */
  async #finished(): Promise<boolean> {
    if (this.#schedule.running.size > 0) return false;
    if (this.#ending !== null || this.#schedule.unsettled === 0) return true;
    if (this.#gate.open || this.#gate.paused) {
      assert(this.#gate.paused || this.#waiting.size > 0, "tasks are left that nothing starts");
      return false;
    }
    const group = [...this.#gate.group];
    if (group.some((position) => this.#waiting.has(position))) return false;
    this.#gate.pause();
    const done = group.map((position) => this.#roster.task(position).id);
    await this.#options.log.commit(this.#options.run, () => [{ type: "run.paused", done }]);
    return false;
  }

  #handle(message: Message): void | Promise<void> {
    if (message.kind === "ended") return this.#onEnded(message.position, message.end);
    if (message.kind === "landed") return this.#onLanded(message.position, message.landed);
    if (message.kind === "due") return this.#waiting.unpark(message.position);
    // Only then: looking for requests writes everything that waits to be written.
    return this.#obey();
  }

  async #onEnded(position: number, end: AttemptEnd): Promise<void> {
    const { log, run, clock } = this.#options;
    const assignment = this.#roster.current(position);
    this.#cancels.delete(position);
    const tries = this.#roster.count(position, end.outcome);
    const step = afterAttempt(assignment.task, end.outcome, tries, clock.now());
    const fact = finishedFact(assignment, end);
    if (end.snapshot === null) log.append(run, [fact]);
    else await log.commit(run, () => [fact]);
    if (step.kind !== "merge") {
      this.#closing.push(end.close().catch(() => {}));
      this.#take(position, step);
      return;
    }
    this.#land(position, end);
  }

  #land(position: number, end: AttemptEnd): void {
    void this.#options.hands.land(this.#roster.current(position), end).then((landed) => {
      this.#closing.push(end.close().catch(() => {}));
      this.#inbox.push({ kind: "landed", position, landed });
    });
  }

  #onLanded(position: number, landed: Landed): void {
    const { landing, warnings } = landed;
    const { log, run } = this.#options;
    const { task, number: attempt } = this.#roster.current(position);
    log.append(run, [{ type: "merge.finished", task: task.id, attempt, landing, warnings }]);
    const tries = this.#roster.countLanding(position, landed);
    // A check that was ended with the run says nothing about the work.
    const cut = this.#cancelled && landing.kind === "unverified";
    this.#take(position, cut ? { kind: "stopped" } : afterLanding(task, landing, tries));
  }

  #take(position: number, step: Exclude<Step, { kind: "merge" }>): void {
    const { log, run, clock } = this.#options;
    if (step.kind === "done" || step.kind === "stopped") this.#settle(position, step.kind, null);
    else if (step.kind === "error") this.#settle(position, "error", step.error);
    else {
      const untilMs = step.kind === "park" ? step.untilMs : clock.now() + step.afterMs;
      if (step.kind === "retry") this.#roster.remember(position, step.message);
      const task = this.#roster.task(position).id;
      const until = new Date(untilMs).toISOString();
      log.append(run, [{ type: "task.parked", task, until, message: step.message }]);
      this.#told.delete(position);
      this.#waiting.park(position, untilMs);
    }
  }

  #settle(position: number, status: "done" | "error" | "stopped", error: TaskError | null): void {
    const { log, run, hands } = this.#options;
    const { id } = this.#roster.task(position);
    const fact = { type: "task.finished", task: id, status, error } as const;
    const facts: Fact[] = [{ ...fact, commit: hands.commitOf(id) }];
    this.#waiting.forget(position);
    if (status === "done") this.#schedule.done(position);
    else {
      const dependents = this.#schedule.fail(position);
      // What an ending run did not get to is not skipped because of a task: it is stopped with the run.
      const skipped = status === "stopped" && this.#ending !== null ? [] : dependents;
      for (const dependent of skipped) {
        this.#waiting.forget(dependent);
        facts.push(this.#roster.skippedFact(dependent, id));
      }
    }
    log.append(run, facts);
  }

  async #obey(): Promise<void> {
    const { log, run } = this.#options;
    for (const request of (await log.state(run))?.requests ?? []) {
      if (request.seq <= this.#obeyed) continue;
      this.#obeyed = request.seq;
      if (request.action === "continue") {
        await log.commit(run, () => [{ type: "run.continued", by: request.by }]);
        if (this.#gate.paused) this.#gate.resume();
      } else if (request.task !== null) this.#stopTask(request.task, request.by);
      else {
        this.#ending ??= "stopped";
        this.#cancelAll(request.by);
      }
    }
  }

  #stopTask(id: string, by: string): void {
    const position = this.#roster.positionOf(id);
    if (position === null || this.#schedule.settled(position)) return;
    const cancel = this.#cancels.get(position);
    if (cancel) cancel.abort(by);
    else if (!this.#schedule.running.has(position)) this.#settle(position, "stopped", null);
  }

  #cancelAll(by: string): void {
    this.#cancelled = true;
    for (const cancel of this.#cancels.values()) cancel.abort(by);
    this.#options.hands.endChecks();
  }
}
