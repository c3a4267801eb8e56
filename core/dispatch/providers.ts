import type { Clock } from "../clock.ts";
import type { Cooldown } from "../run/cooldown.ts";
import type { CooldownFact } from "../run/event.ts";
import type { EventLog } from "../run/log.ts";
import type { Outcome } from "../run/model.ts";
import type { Schedule } from "../run/schedule.ts";
import type { Assignment } from "./assignment.ts";
import type { AttemptEnd } from "./attempt.ts";
import { finishedFact } from "./attempt-facts.ts";
import { showsAnswer } from "./doers.ts";
import type { Ramp } from "./ramp.ts";
import { Ramps } from "./ramps.ts";
import { refusalOf } from "./refusal.ts";

/** An attempt that has run so long without a refusal has been answered, in milliseconds. */
export const answeredAfterMs = 30_000;

/** How often it is asked whether the attempt of another run that asks a provider is still alive, in milliseconds. */
const foreignProbeMs = 1000;

/**
 * The providers of a run that rest. Nothing starts on one that rests. When its time has passed, one attempt of all runs
 * asks it; when that is answered, the others follow step by step (`Ramp`). One that is met for the first time is, too.
 */
export class Providers {
  readonly #run: string;
  readonly #log: EventLog;
  readonly #clock: Clock;
  readonly #schedule: Schedule;
  readonly #isUsed: boolean;
  readonly #onDue: () => void;
  readonly #onLong: (assignment: Assignment) => void;
  readonly #timers = new AbortController();
  /** Until when each rests, epoch milliseconds. */
  readonly #untils = new Map<string, number>();
  readonly #ramps: Ramps;
  /** Attempts under way, by provider. */
  readonly #running = new Map<string, Set<number>>();
  /** The last look that is still to come, by provider. */
  readonly #awaited = new Map<string, symbol>();
  #isStale = true;

  constructor(options: {
    readonly run: string;
    readonly log: EventLog;
    readonly clock: Clock;
    readonly schedule: Schedule;
    readonly concurrency: number;
    /** False: no task of the run has a provider. */
    readonly isUsed: boolean;
    /** Called when it is worth another look. */
    readonly onDue: () => void;
    /** Called when an attempt has run for long without a refusal. */
    readonly onLong: (assignment: Assignment) => void;
  }) {
    this.#run = options.run;
    this.#log = options.log;
    this.#clock = options.clock;
    this.#schedule = options.schedule;
    this.#ramps = new Ramps(options.concurrency);
    this.#isUsed = options.isUsed;
    this.#onDue = options.onDue;
    this.#onLong = options.onLong;
  }

  /** Another process has written: what is known may be old. */
  doubt(): void {
    this.#isStale = true;
  }

  /** Takes in what all runs know now, when that may be something new. */
  async refresh(): Promise<void> {
    if (!this.#isStale || !this.#isUsed) return;
    this.#isStale = false;
    let cooldowns: readonly Cooldown[] = [];
    await this.#log.commit(this.#run, (decision) => {
      cooldowns = decision.cooldowns();
      return [];
    });
    this.learn(cooldowns);
  }

  /** Whether an attempt may start on a provider by what stands now, and whether it is the one that asks. */
  admits(provider: string, cooldowns: readonly Cooldown[]): "freely" | "to ask" | "not" {
    const cooldown = cooldowns.find((each) => each.provider === provider);
    if (cooldown === undefined) return "freely";
    const isOver = Date.parse(cooldown.until) <= this.#clock.now();
    return isOver && cooldown.probe === null ? "to ask" : "not";
  }

  /** Takes in which providers rest. */
  learn(cooldowns: readonly Cooldown[]): void {
    const resting = new Set<string>();
    for (const { provider, until, probe } of cooldowns) {
      resting.add(provider);
      const untilMs = Date.parse(until);
      if (untilMs > this.#clock.now()) this.#rest(provider, untilMs);
      else if (probe === null) this.#letOneAsk(provider, untilMs);
      else if (!this.#asks(provider, probe.run)) this.#leaveToOthers(provider, untilMs);
    }
    for (const [provider, untilMs] of this.#untils) {
      if (!resting.has(provider)) this.#open(provider, untilMs);
    }
  }

  /** Records the end of an attempt, and that its provider rests when it was refused. Gives that. */
  async recordEnd(assignment: Assignment, end: AttemptEnd): Promise<CooldownFact | null> {
    const { outcome, snapshot } = end;
    const isRefusal = outcome.kind === "rate-limited" && assignment.provider !== null;
    let cooldown: CooldownFact | null = null;
    if (!isRefusal && snapshot === null) {
      this.#log.append(this.#run, [finishedFact(assignment, end, null)]);
    } else {
      await this.#log.commit(this.#run, (decision) => {
        cooldown = isRefusal ? refusalOf(assignment, outcome, decision, this.#clock.now()) : null;
        return [finishedFact(assignment, end, cooldown)];
      });
    }
    // The decision above ran, which the compiler does not see.
    const found = cooldown as CooldownFact | null;
    if (found === null) this.#ended(assignment, outcome);
    else this.#refused(assignment, found);
    return found;
  }

  /** An attempt was recorded as started; `cooldowns`: what stood before. */
  started(assignment: Assignment, cooldowns: readonly Cooldown[]): void {
    const { provider, position } = assignment;
    if (provider === null) return;
    this.learn(cooldowns);
    this.#runningOn(provider).add(position);
    const ramp = this.#ramps.meet(provider);
    if (!ramp) return;
    ramp.started(position);
    this.#admit(provider, ramp);
    void this.#clock.sleep(answeredAfterMs, this.#timers.signal).then(() => {
      if (!this.#timers.signal.aborted) this.#onLong(assignment);
    });
  }

  /** An attempt that the schedule has taken was not started after all; `cooldowns`: why, as far as it was that. */
  notStarted({ provider }: Assignment, cooldowns: readonly Cooldown[] | null): void {
    if (provider === null) return;
    if (cooldowns !== null) this.learn(cooldowns);
    const ramp = this.#ramps.get(provider);
    if (ramp) this.#admit(provider, ramp);
  }

  /** The model has answered an attempt, or it has run for long. */
  answered({ provider, position, task, number }: Assignment): void {
    const ramp = this.#ramps.get(provider ?? "");
    if (provider === null || !ramp) return;
    const wasOpen = ramp.isOpen;
    if (!ramp.answered(position)) return;
    if (!wasOpen) {
      const fact = { type: "cooldown.ended", task: task.id, attempt: number, provider } as const;
      this.#log.append(this.#run, [fact]);
    }
    this.#admit(provider, ramp);
  }

  /** What keeps a provider from being asked, in words. */
  words(provider: string): string {
    const untilMs = this.#untils.get(provider);
    return untilMs === undefined
      ? `${provider} refuses`
      : `${provider} refuses until ${new Date(untilMs).toISOString()}`;
  }

  /** Stops the timers. */
  close(): void {
    this.#timers.abort();
  }

  /** An attempt has ended, and its provider has not refused it. */
  #ended(assignment: Assignment, outcome: Outcome): void {
    const { provider, position } = assignment;
    if (provider === null) return;
    const isAnswer = showsAnswer(outcome);
    if (isAnswer) this.answered(assignment);
    this.#runningOn(provider).delete(position);
    const ramp = this.#ramps.get(provider);
    if (!ramp) return;
    ramp.ended(position, isAnswer);
    this.#admit(provider, ramp);
  }

  #refused({ position }: Assignment, { provider, until }: CooldownFact): void {
    const running = this.#runningOn(provider);
    // Those that were under way with the first that was refused say nothing new.
    if ((this.#untils.get(provider) ?? 0) <= this.#clock.now() || this.#ramps.get(provider)) {
      this.#ramps.refused(provider, running.size);
    }
    running.delete(position);
    this.#rest(provider, Date.parse(until));
  }

  #runningOn(provider: string): Set<number> {
    const known = this.#running.get(provider) ?? new Set();
    this.#running.set(provider, known);
    return known;
  }

  #rest(provider: string, untilMs: number): void {
    this.#ramps.close(provider);
    const nowMs = this.#clock.now();
    const isKnown = this.#untils.get(provider) === untilMs && this.#restsAt(provider, untilMs);
    // A timer that a clock was set back under, or that came early, has to be followed by another one.
    if (isKnown && this.#awaited.has(provider)) return;
    this.#untils.set(provider, untilMs);
    this.#schedule.rest(provider, { untilMs, lastsMs: untilMs - nowMs, room: 0 });
    this.#lookIn(provider, untilMs - nowMs);
  }

  #restsAt(provider: string, untilMs: number): boolean {
    const rest = this.#schedule.resting.get(provider);
    return rest?.untilMs === untilMs && rest.lastsMs > 0;
  }

  /** An attempt of another run asks; it may die without a word. */
  #leaveToOthers(provider: string, untilMs: number): void {
    this.#ramps.close(provider);
    this.#untils.set(provider, untilMs);
    this.#schedule.rest(provider, { untilMs, lastsMs: 0, room: 0 });
    this.#lookIn(provider, foreignProbeMs);
  }

  /** True when an attempt of this run is the one that asks. */
  #asks(provider: string, probing: string): boolean {
    const ramp = this.#ramps.get(provider);
    return probing === this.#run && ramp !== undefined && !ramp.isOpen && ramp.isAsking;
  }

  #letOneAsk(provider: string, untilMs: number): void {
    const before = this.#ramps.get(provider);
    const ramp = before?.isOpen === false ? before : this.#ramps.begin(provider);
    this.#untils.set(provider, untilMs);
    this.#admit(provider, ramp);
  }

  /** An attempt of another run was answered, or what stood was forgotten. */
  #open(provider: string, untilMs: number): void {
    const ramp = this.#ramps.get(provider) ?? this.#ramps.begin(provider);
    if (ramp.isOpen) return;
    ramp.open();
    this.#untils.set(provider, untilMs);
    this.#admit(provider, ramp);
  }

  #admit(provider: string, ramp: Ramp): void {
    if (this.#ramps.end(provider, ramp)) {
      this.#untils.delete(provider);
      this.#schedule.lift(provider);
      return;
    }
    const untilMs = this.#untils.get(provider) ?? 0;
    const room = ramp.room(this.#runningOn(provider).size);
    // Without a time it has not refused. It does not last: what waits for its turn now does not go to anybody else.
    this.#schedule.rest(provider, { untilMs, lastsMs: 0, room });
  }

  #lookIn(provider: string, ms: number): void {
    const look = Symbol(provider);
    this.#awaited.set(provider, look);
    void this.#clock.sleep(ms, this.#timers.signal).then(() => {
      if (this.#timers.signal.aborted) return;
      if (this.#awaited.get(provider) === look) this.#awaited.delete(provider);
      this.#isStale = true;
      this.#onDue();
    });
  }
}
