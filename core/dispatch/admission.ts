import type { Cooldown } from "../run/cooldown.ts";
import type { Fact, WaitReason } from "../run/event.ts";
import type { Decision, EventLog } from "../run/log.ts";
import type { Schedule } from "../run/schedule.ts";
import type { Assignment } from "./assignment.ts";
import { startedFact } from "./attempt-facts.ts";
import type { DiskGuard } from "./disk-guard.ts";
import type { Providers } from "./providers.ts";
import type { Roster } from "./roster.ts";
import { waitReason } from "./wait-reason.ts";
import type { WaitingRoom } from "./waiting-room.ts";

type ClaimReason = Extract<WaitReason, { kind: "claim" }>;

/** What a transaction says of a start: it is recorded, or something of another run is in the way. */
interface Look {
  readonly claim: ClaimReason | null;
  readonly rests: boolean;
  readonly cooldowns: readonly Cooldown[];
}

/** Records starts in the transaction that looks at the claims and the cooldowns of all runs. */
export class Admission {
  readonly #run: string;
  readonly #log: EventLog;
  readonly #roster: Roster;
  readonly #schedule: Schedule;
  readonly #waiting: WaitingRoom;
  readonly #providers: Providers;
  readonly #guard: DiskGuard | undefined;
  /** The claim of another run, or the full disk, that a task was told of last. */
  readonly #told = new Map<number, string>();

  constructor(parts: {
    readonly run: string;
    readonly log: EventLog;
    readonly roster: Roster;
    readonly schedule: Schedule;
    readonly waiting: WaitingRoom;
    readonly providers: Providers;
    readonly guard: DiskGuard | undefined;
  }) {
    this.#run = parts.run;
    this.#log = parts.log;
    this.#roster = parts.roster;
    this.#schedule = parts.schedule;
    this.#waiting = parts.waiting;
    this.#providers = parts.providers;
    this.#guard = parts.guard;
  }

  /** Makes the next attempt of a task that the schedule has taken and records it. Null: something is in its way. */
  async admit(position: number): Promise<Assignment | null> {
    const choice = this.#schedule.choice(position);
    const restWords = (provider: string): string => this.#providers.words(provider);
    const assignment = this.#roster.assign(position, choice, restWords);
    if (this.#lacksRoom(assignment)) return null;
    return (await this.#record(assignment)) ? assignment : null;
  }

  /** Nothing new starts on a full disk; the task waits, and is told of it once. */
  #lacksRoom(assignment: Assignment): boolean {
    const { position, task } = assignment;
    const reason = this.#guard?.shortage() ?? null;
    if (reason === null) return false;
    if (this.#told.get(position) !== reason.path) {
      this.#log.append(this.#run, [{ type: "task.waiting", task: task.id, reason }]);
    }
    this.#told.set(position, reason.path);
    this.#roster.takeBack(position);
    this.#waiting.holdForRoom(position);
    this.#providers.notStarted(assignment, null);
    return true;
  }

  /** Records why ready tasks do not start, as far as they have not been told. */
  tellObstacles(): void {
    const facts: Fact[] = this.#schedule.obstaclesFound().flatMap(([position, obstacle]) => {
      // A provider that is met step by step has not refused anybody: that is no news.
      if (obstacle.kind === "cooldown" && obstacle.untilMs === 0) return [];
      const task = this.#roster.task(position).id;
      const reason = waitReason(this.#roster, this.#run, obstacle);
      return [{ type: "task.waiting", task, reason }];
    });
    if (facts.length > 0) this.#log.append(this.#run, facts);
  }

  /** The task gets a new attempt: what it was told before does not count any more. */
  forget(position: number): void {
    this.#told.delete(position);
  }

  /** False: a claim or a cooldown is in the way, and the task waits for its end. */
  async #record(assignment: Assignment): Promise<boolean> {
    const { position, task, provider } = assignment;
    if (task.touching.length === 0 && provider === null) {
      this.#log.append(this.#run, [startedFact(assignment, false)]);
      return true;
    }
    let look: Look = { claim: null, rests: false, cooldowns: [] };
    await this.#log.commit(this.#run, (decision) => {
      const [found, facts] = this.#decide(assignment, decision);
      look = found;
      return facts;
    });
    const { claim, rests, cooldowns } = look;
    if (claim === null && !rests) {
      this.#providers.started(assignment, cooldowns);
      return true;
    }
    this.#roster.takeBack(position);
    if (rests) this.#schedule.again(position);
    else this.#waiting.holdForeign(position);
    this.#providers.notStarted(assignment, rests ? cooldowns : null);
    return false;
  }

  #decide(assignment: Assignment, decision: Decision): readonly [Look, readonly Fact[]] {
    const { position, task, provider } = assignment;
    const claim =
      task.touching.length === 0
        ? null
        : this.#roster.foreignClash(position, decision.foreignClaims());
    if (claim !== null) {
      return [{ claim, rests: false, cooldowns: [] }, this.#waitingFacts(assignment, claim)];
    }
    const cooldowns = provider === null ? [] : decision.cooldowns();
    const admitted = provider === null ? "freely" : this.#providers.admits(provider, cooldowns);
    if (admitted === "not") return [{ claim, rests: true, cooldowns }, []];
    return [{ claim, rests: false, cooldowns }, [startedFact(assignment, admitted === "to ask")]];
  }

  #waitingFacts({ position, task }: Assignment, reason: ClaimReason): Fact[] {
    const claim = `${reason.by} ${reason.theirs}`;
    if (this.#told.get(position) === claim) return [];
    this.#told.set(position, claim);
    return [{ type: "task.waiting", task: task.id, reason }];
  }
}
