import { dirname, join } from "node:path";
import type { ProcessIdentity } from "../id.ts";
import { type Machine, thisMachine } from "../process/machine.ts";
import type { Published } from "../run/event.ts";
import type { Usage } from "../run/model.ts";
import type { AttemptSession } from "../run/session.ts";
import type { Workspace } from "../workspace/workspace.ts";
import type { Assignment } from "./assignment.ts";
import { type AttemptEnd, failedAttempt, runAttempt } from "./attempt.ts";
import { beginAttempt } from "./beginning.ts";
import { Briefing, type Matter } from "./briefing.ts";
import type { Start } from "./carry.ts";
import type { TakenPath } from "./claim-extension.ts";
import type { CrewOptions } from "./crew-options.ts";
import { Foresight } from "./foresight.ts";
import type { Hands, Landed } from "./hands.ts";
import { checkScope, scopeOf } from "./scope.ts";
import { sessionStateDir } from "./session-state.ts";
import { Sessions } from "./sessions.ts";

type OnAnswer = (usage: Usage | null) => void;

/** How often a checkout that another run works in is looked at, in milliseconds. */
const checkoutLookMs = 100;

/** The hands of the dispatcher: attempts in workspaces, merges onto the chain. */
export class Crew implements Hands {
  readonly #options: CrewOptions;
  readonly #machine: Machine;
  /** Attempts of this run under way, also those whose program has not been started yet. */
  readonly #active = new Set<Assignment>();
  readonly #foresight: Foresight | null;
  readonly #briefing: Briefing;
  readonly #sessions: Sessions;
  /** Workspaces that are being given up, by task: where the directory lasts, the next attempt waits for it. */
  readonly #closing = new Map<string, Promise<void>>();

  constructor(options: CrewOptions) {
    this.#options = options;
    const { repository, chain, record, machine = thisMachine } = options;
    this.#machine = machine;
    this.#briefing = new Briefing(options, this.#active);
    this.#sessions = new Sessions(options.roster.history.before);
    this.#foresight =
      repository === null || chain === null
        ? null
        : new Foresight({
            lookout: repository.lookout(),
            clock: machine.clock,
            tip: () => chain.tip,
            record: (fact) => record(() => fact),
          });
  }

  endChecks(): void {
    this.#options.checks.abort();
  }

  get unpublished(): boolean {
    return this.#options.chain?.unpublished ?? false;
  }

  async attempt(
    assignment: Assignment,
    cancel: AbortSignal,
    onAnswer: OnAnswer,
  ): Promise<AttemptEnd> {
    this.#active.add(assignment);
    try {
      if (assignment.isolation === "in-place") await this.#untilCheckoutIsFree(cancel, assignment);
      const obstacle = assignment.isolation === "in-place" ? await this.#obstacleInPlace() : null;
      if (obstacle !== null) return failedAttempt({ kind: "failed", message: obstacle }, 0);
      return await this.#attempt(assignment, cancel, onAnswer);
    } catch (error) {
      return failedAttempt({ kind: "crashed", message: (error as Error).message }, 0);
    } finally {
      this.#foresight?.leave(assignment.task.id);
      this.#active.delete(assignment);
    }
  }

  async land(assignment: Assignment, end: AttemptEnd): Promise<Landed> {
    try {
      const landed = await this.#land(assignment, end);
      this.#sessions.landed(assignment, landed.landing);
      const { kind } = landed.landing;
      if (kind !== "merged" && kind !== "nothing") await end.restore();
      return landed;
    } catch (error) {
      const message = `could not be merged: ${error instanceof Error ? error.message : String(error)}`;
      return { landing: { kind: "unverified", message }, warnings: [] };
    }
  }

  async publish(): Promise<Published | null> {
    const { chain, checks } = this.#options;
    if (chain?.unpublished) await this.#untilCheckoutIsFree(checks.signal);
    return (await chain?.publish(false)) ?? null;
  }

  commitOf(task: string): string | null {
    return this.#options.chain?.commitOf(task) ?? null;
  }

  /** Waits for the last look at conflicts to come. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#foresight?.[Symbol.asyncDispose]();
  }

  async #land(assignment: Assignment, end: AttemptEnd): Promise<Landed> {
    const { chain, roster } = this.#options;
    const { snapshot, base } = end;
    if (chain === null || snapshot === null || base === null)
      return { landing: { kind: "nothing" }, warnings: [] };
    const { task, number, position, isolation } = assignment;
    const { commit, changes } = snapshot;
    const finding = await checkScope({
      task,
      claim: roster.claim(position),
      changes,
      extend: (paths) => this.#extend(assignment, paths),
    });
    if (finding?.severity === "block") {
      return { landing: { kind: "rejected", findings: [finding] }, warnings: [] };
    }
    const inPlace = isolation === "in-place";
    const result = { task, attempt: number, runner: assignment.runner.name, base, commit, changes };
    const landing = await chain.add(result);
    const checked = landing.kind === "merged" ? (landing.verified?.notes ?? []) : [];
    const warnings = [...(finding === null ? [] : [finding.message]), ...checked, ...end.notes];
    if (inPlace && landing.kind === "merged") {
      const published = await chain.publish(true);
      if (published?.keptOn) warnings.push(`kept on ${published.keptOn}: ${published.reason}`);
    }
    return { landing, warnings, result: { base, commit } };
  }

  async #extend(
    { task, number, position }: Assignment,
    paths: readonly string[],
  ): Promise<readonly TakenPath[]> {
    const taken = await this.#options.extendClaim({ task: task.id, attempt: number, paths });
    if (taken.length === 0) this.#options.roster.grow(position, paths);
    return taken;
  }

  async #attempt(
    assignment: Assignment,
    cancel: AbortSignal,
    onAnswer: OnAnswer,
  ): Promise<AttemptEnd> {
    const { repository, run, roster } = this.#options;
    const { task, position, isolation } = assignment;
    if (task.continueSession) await this.#closing.get(task.id);
    const tip = isolation === "none" ? null : await this.#base();
    const going = this.#sessions.next(assignment);
    const claim = roster.claim(position);
    const end = await beginAttempt(
      { run, assignment, repository, tip, claim, going },
      (start, matter) => this.#run(assignment, start, { ...matter, going }, { cancel, onAnswer }),
    );
    this.#sessions.ended(assignment, end);
    return { ...end, close: () => this.#close(task.id, end) };
  }

  #close(task: string, end: AttemptEnd): Promise<void> {
    const closing = end.close();
    this.#closing.set(
      task,
      closing.catch(() => {}),
    );
    return closing;
  }

  async #run(
    assignment: Assignment,
    { base, onto }: Start,
    matter: Matter,
    { cancel, onAnswer }: { readonly cancel: AbortSignal; readonly onAnswer: OnAnswer },
  ): Promise<AttemptEnd> {
    const { run, roster, repository, directory, environment, recording, ask } = this.#options;
    const { task, number, position } = assignment;
    const asker = { task: task.id, attempt: number };
    const logPath = this.#log(task.id, String(number));
    const given = environment(assignment);
    const { prompt, goingOn } = await this.#briefing.tell(assignment, matter);
    const { going } = matter;
    const scope = scopeOf(assignment, roster.claim(position), roster.shared);
    const rest = {
      scope,
      going: going && { session: going.session, prompt: goingOn },
      stateDir: task.continueSession ? sessionStateDir(dirname(dirname(logPath)), task.id) : null,
    };
    return runAttempt(
      { ...assignment, run, base, onto, prompt, logPath, recording, environment: given, ...rest },
      {
        machine: this.#machine,
        repository,
        directory,
        onAnswer,
        onSession: (session) => this.#opened(assignment, session),
        onSpawn: (process, workspace) => this.#registered(assignment, process, workspace, onto),
        ...(ask && { onQuestion: (question, signal) => ask(asker, question, signal) }),
      },
      cancel,
    );
  }

  #opened(assignment: Assignment, { id: session, ...rest }: AttemptSession): void {
    // A runner that lags behind its attempt may still tell.
    if (!this.#active.has(assignment)) return;
    this.#sessions.opened(assignment, { id: session, ...rest });
    const { task, number: attempt } = assignment;
    const fact = { type: "session.opened", task: task.id, attempt, session, ...rest } as const;
    this.#options.record(() => fact);
  }

  /** Asked for after the start was recorded: by then no other run holds the task's paths, so all they wrote is seen. */
  async #base(): Promise<string | null> {
    const { chain } = this.#options;
    await chain?.catchUp();
    return chain?.tip ?? null;
  }

  /** A task in place sees what landed before it only when the checkout holds it. */
  async #obstacleInPlace(): Promise<string | null> {
    const { chain } = this.#options;
    if (!chain?.unpublished) return null;
    const published = await chain.publish(false);
    return published?.keptOn
      ? `the checkout could not be brought up to date: ${published.reason}`
      : null;
  }

  /** While an agent of another run works in the checkout, what it writes there would pass for the user's own. */
  async #untilCheckoutIsFree(signal: AbortSignal, mine: Assignment | null = null): Promise<void> {
    const { run, directory, occupants } = this.#options;
    const than = mine === null ? null : { run, task: mine.task.id, attempt: mine.number };
    while (!signal.aborted) {
      // Not the processes: what an agent wrote is there until it has landed, longer than the agent.
      if ((await occupants(directory, than)).every((other) => other === run)) return;
      await this.#machine.clock.sleep(checkoutLookMs, signal);
    }
  }

  #registered(
    { task, number, isolation }: Assignment,
    process: () => ProcessIdentity,
    workspace: Workspace | null,
    onto: string | null,
  ): void {
    const base = workspace?.base ?? null;
    // What an earlier attempt left is no part of what has landed: the look at conflicts would take it for that.
    if (base !== null && onto === null && (isolation === "clone" || isolation === "worktree")) {
      const { run } = this.#options;
      this.#foresight?.watch({ run, task: task.id, attempt: number, isolation, base });
    }
    this.#options.record(() => ({
      type: "process.spawned",
      task: task.id,
      attempt: number,
      process: process(),
      workspace: workspace?.path ?? null,
      base: workspace?.base ?? null,
    }));
  }

  #log(task: string, name: string): string {
    return join(this.#options.logs, this.#options.run, task, `${name}.log`);
  }
}
