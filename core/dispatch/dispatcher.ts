import { assert } from "../assert.ts";
import type { Fact } from "../run/event.ts";
import type { RunStatus, TaskError, Usage } from "../run/model.ts";
import type { Schedule } from "../run/schedule.ts";
import type { Admission } from "./admission.ts";
import type { AttemptEnd } from "./attempt.ts";
import { mergedFact, parkedFact, skippedFact } from "./attempt-facts.ts";
import type { DispatcherOptions } from "./dispatcher-options.ts";
import { Ending } from "./ending.ts";
import { Gate } from "./gate.ts";
import type { Landed } from "./hands.ts";
import { Inbox, type Message } from "./inbox.ts";
import type { Ledger } from "./ledger.ts";
import { nextStep } from "./next-step.ts";
import { makeParts } from "./parts.ts";
import { afterLanding, type Step } from "./policy.ts";
import type { Providers } from "./providers.ts";
import type { Roster } from "./roster.ts";
import type { RunCaps } from "./run-caps.ts";
import { endStandoff } from "./standoff.ts";
import { finishRun } from "./summary.ts";
import type { WaitingRoom } from "./waiting-room.ts";
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
  readonly #providers: Providers;
  readonly #admission: Admission;
  readonly #ledger: Ledger;
  readonly #gate = new Gate();
  readonly #inbox = new Inbox<Message>();
  readonly #caps: RunCaps;
  readonly #cancels = new Map<number, AbortController>();
  readonly #attempts = new Set<Promise<void>>();
  readonly #closing: Promise<void>[] = [];
  readonly #ending = new Ending();
  #obeyed = 0;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#roster = options.roster;
    ({
      schedule: this.#schedule,
      waiting: this.#waiting,
      providers: this.#providers,
      admission: this.#admission,
      ledger: this.#ledger,
      caps: this.#caps,
    } = makeParts(options, {
      due: (position) => this.#inbox.push({ kind: "due", position }),
      wake: () => this.#inbox.push({ kind: "wake" }),
      answered: (assignment) => this.#inbox.push({ kind: "answered", assignment, usage: null }),
    }));
    options.roster.settleBefore(this.#schedule);
  }

  /** Runs the plan to its end and records it. */
  async run(): Promise<{ status: RunStatus; exitCode: number }> {
    const { log, run, hands, clock } = this.#options;
    const wake = (): void => this.#inbox.push({ kind: "wake" });
    const stopWatching = watchLog(log, run, clock, {
      onRequest: wake,
      onPoll: (changed) => {
        if (changed) this.#providers.doubt();
        if (this.#waiting.foreignDue(changed) || changed) wake();
      },
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
      this.#providers.close();
      this.#ledger.close();
    }
    await Promise.all(this.#closing);
    // The target moves only when the log holds everything that it will contain.
    await log.commit(run, () => []);
    const ending = this.#ending.kind;
    return finishRun({ log, run, published: await hands.publish(), ending, hands });
  }

  /** First call: nothing new starts. Second: what runs is ended, its work kept. */
  interrupt(): void {
    if (!this.#ending.begin("interrupted")) this.#cancelAll("interrupt");
    this.#inbox.push({ kind: "wake" });
  }

  async #startWhatFits(): Promise<void> {
    this.#waiting.retryForeign();
    await this.#providers.refresh();
    this.#lookAtLimits();
    const allStarted = Promise.withResolvers<void>();
    try {
      while (this.#ending.kind === null && !this.#gate.paused && !this.#waiting.lacksRoom) {
        const position = this.#gate.open ? this.#schedule.take() : this.#takeFromGroup();
        if (position === null) break;
        if (!this.#endOverBudget(position)) await this.#start(position, allStarted.promise);
      }
    } finally {
      allStarted.resolve();
    }
    const { running } = this.#schedule;
    if (this.#gate.open && this.#options.stepThrough && running.size > 0) {
      this.#gate.close([...running, ...this.#waiting.parked]);
    }
    this.#admission.tellObstacles();
    if (running.size > 0) return;
    const { log, run, hands } = this.#options;
    await endStandoff({ log, run, roster: this.#roster, hands, waiting: this.#waiting.foreign });
  }

  #lookAtLimits(): void {
    const facts = this.#ledger.look();
    if (facts.length > 0) this.#options.log.append(this.#options.run, facts);
    if (this.#ledger.runOver !== null) this.#ending.begin("budget");
    if (!this.#caps.allow()) this.#ending.begin("stopped");
  }

  /** Ends a task that may not start another attempt. False: it may. */
  #endOverBudget(position: number): boolean {
    const error = this.#ledger.taskError(position);
    if (error !== null) this.#settle(position, "error", error);
    return error !== null;
  }

  #takeFromGroup(): number | null {
    return [...this.#gate.group].find((position) => this.#schedule.takeThis(position)) ?? null;
  }

  /** Attempts wait for `together`, so that each agent can be told of all that start with it. */
  async #start(position: number, together: Promise<void>): Promise<void> {
    const { hands } = this.#options;
    const assignment = await this.#admission.admit(position);
    if (assignment === null) return;
    this.#ledger.started(assignment);
    const cancel = new AbortController();
    this.#cancels.set(position, cancel);
    if (assignment.stepping) this.#gate.close([position]);
    const onAnswer = (usage: Usage | null): void =>
      this.#inbox.push({ kind: "answered", assignment, usage });
    const attempt = together
      .then(() => hands.attempt(assignment, cancel.signal, onAnswer))
      .then((end) => {
        this.#attempts.delete(attempt);
        this.#inbox.push({ kind: "ended", position, end });
      });
    this.#attempts.add(attempt);
  }

  /** True when nothing is left to do. Pauses a step-through run between groups. */
  async #finished(): Promise<boolean> {
    if (this.#schedule.running.size > 0) return false;
    if (this.#ending.kind !== null || this.#schedule.unsettled === 0) return true;
    if (this.#gate.open || this.#gate.paused) {
      const waits = this.#waiting.size > 0 || this.#schedule.resting.size > 0;
      assert(this.#gate.paused || waits, "tasks are left that nothing starts");
      return false;
    }
    const group = [...this.#gate.group];
    // Those that wait, and those that nobody starts while a provider rests.
    if (group.some((position) => !this.#schedule.settled(position))) return false;
    this.#gate.pause();
    const done = group.map((position) => this.#roster.task(position).id);
    await this.#options.log.commit(this.#options.run, () => [{ type: "run.paused", done }]);
    return false;
  }

  #handle(message: Message): void | Promise<void> {
    if (message.kind === "ended") return this.#onEnded(message.position, message.end);
    if (message.kind === "landed") return this.#onLanded(message.position, message.landed);
    if (message.kind === "answered") {
      // What an attempt before this one still had to say is too late.
      if (!this.#roster.isCurrent(message.assignment)) return;
      this.#ledger.reported(message.assignment, message.usage);
      return this.#providers.answered(message.assignment);
    }
    if (message.kind === "due") return this.#waiting.unpark(message.position);
    // Only then: looking for requests writes everything that waits to be written.
    return this.#obey();
  }

  async #onEnded(position: number, end: AttemptEnd): Promise<void> {
    const assignment = this.#roster.current(position);
    this.#cancels.delete(position);
    this.#ledger.ended(assignment, end.usage);
    const cooldown = await this.#providers.recordEnd(assignment, end);
    const nowMs = this.#options.clock.now();
    const step = nextStep(this.#roster, assignment, end.outcome, cooldown, nowMs);
    if (step.kind === "merge") return this.#land(position, end);
    this.#closing.push(end.close().catch(() => {}));
    this.#take(position, step);
  }

  #land(position: number, end: AttemptEnd): void {
    void this.#options.hands.land(this.#roster.current(position), end).then((landed) => {
      this.#closing.push(end.close().catch(() => {}));
      this.#inbox.push({ kind: "landed", position, landed });
    });
  }

  #onLanded(position: number, landed: Landed): void {
    const { log, run } = this.#options;
    const assignment = this.#roster.current(position);
    log.append(run, [mergedFact(assignment, landed)]);
    const tries = this.#roster.countLanding(position, landed);
    const next = afterLanding(assignment.task, landed.landing, tries);
    // A check that was ended with the run says nothing about the work.
    const cut = this.#ending.cancelled && landed.landing.kind === "unverified";
    this.#take(position, cut ? { kind: "stopped" } : next);
  }

  #take(position: number, next: Exclude<Step, { kind: "merge" }>): void {
    const { log, run, clock } = this.#options;
    const step = this.#ending.after(position, next);
    if (step.kind === "done" || step.kind === "stopped") this.#settle(position, step.kind, null);
    else if (step.kind === "error") this.#settle(position, "error", step.error);
    else if (!this.#endOverBudget(position)) {
      const untilMs = step.kind === "park" ? step.untilMs : clock.now() + step.afterMs;
      if (step.kind === "retry") this.#roster.remember(position, step.message);
      const { task, provider } = this.#roster.current(position);
      log.append(run, [parkedFact(task.id, untilMs, step, provider)]);
      this.#admission.forget(position);
      this.#waiting.park(position, untilMs);
      this.#schedule.reroute(position, this.#roster.route(position));
    }
  }

  #settle(position: number, status: "done" | "error" | "stopped", error: TaskError | null): void {
    const { log, run, hands } = this.#options;
    const { id } = this.#roster.task(position);
    const commit = hands.commitOf(id);
    const facts: Fact[] = [{ type: "task.finished", task: id, status, error, commit }];
    this.#waiting.forget(position);
    if (status === "done") this.#schedule.done(position);
    else {
      const dependents = this.#schedule.fail(position);
      // What an ending run did not get to is not skipped because of a task: it is stopped with the run.
      const skipped = status === "stopped" && this.#ending.kind !== null ? [] : dependents;
      for (const dependent of skipped) {
        this.#waiting.forget(dependent);
        facts.push(skippedFact(this.#roster.task(dependent).id, id));
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
        this.#ending.begin("stopped");
        this.#cancelAll(request.by);
      }
    }
  }

  #stopTask(id: string, by: string): void {
    const position = this.#roster.positionOf(id);
    if (position === null || this.#schedule.settled(position)) return;
    this.#ending.stopTask(position);
    this.#cancels.get(position)?.abort(by);
    if (!this.#schedule.running.has(position)) this.#settle(position, "stopped", null);
  }

  #cancelAll(by: string): void {
    this.#ending.cancel();
    for (const cancel of this.#cancels.values()) cancel.abort(by);
    this.#options.hands.endChecks();
  }
}
