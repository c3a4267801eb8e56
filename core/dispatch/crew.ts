import { join } from "node:path";
import type { AttemptName, ProcessIdentity } from "../id.ts";
import { matches } from "../plan/claim.ts";
import type { Recording } from "../process/log.ts";
import { type Machine, thisMachine } from "../process/machine.ts";
import type { Fact, Published } from "../run/event.ts";
import type { ForeignClaim } from "../run/log.ts";
import type { LiveProcess, Usage } from "../run/model.ts";
import type { Repository, Workspace } from "../workspace/workspace.ts";
import type { Assignment } from "./assignment.ts";
import { type AttemptEnd, failedAttempt, runAttempt } from "./attempt.ts";
import type { Chain } from "./chain.ts";
import type { ExtensionRequest, TakenPath } from "./claim-extension.ts";
import { Foresight } from "./foresight.ts";
import type { Hands, Landed } from "./hands.ts";
import { heldBy, neighbour } from "./neighbours.ts";
import { composePrompt } from "./prompt.ts";
import type { QuestionDesk } from "./question-desk.ts";
import { type OpenConflict, resolve } from "./resolution.ts";
import { composeResolutionPrompt } from "./resolution-prompt.ts";
import type { Roster } from "./roster.ts";
import { checkScope, scopeOf } from "./scope.ts";

export interface CrewOptions {
  readonly run: string;
  /** Where its programs run; this machine by default. */
  readonly machine?: Machine;
  readonly roster: Roster;
  /** Both null outside git, or when no task needs it. */
  readonly repository: Repository | null;
  readonly chain: Chain | null;
  /** Aborted when the checks that run are to end. */
  readonly checks: AbortController;
  /** Where tasks with isolation `none` work. */
  readonly directory: string;
  /** `<state>/runs`: logs stand at `<run>/<task>/<attempt>.log` below. */
  readonly logs: string;
  readonly recording: Recording;
  /** The environment for a task's programs. */
  readonly environment: (assignment: Assignment) => Readonly<Record<string, string>>;
  /** Every live process of the registry. */
  readonly processes: () => Promise<readonly LiveProcess[]>;
  /** Runs with an attempt in a directory that has not been landed or given up, or that began before `than`. */
  readonly occupants: (directory: string, than: AttemptName | null) => Promise<readonly string[]>;
  /** Claims others than a task hold right now, as its prompt tells them. */
  readonly claimsBeside: (task: string) => Promise<readonly ForeignClaim[]>;
  /** Claims paths for a task; gives those that others claim, and claims nothing then. */
  readonly extendClaim: (request: ExtensionRequest) => Promise<readonly TakenPath[]>;
  /** Puts the question of an attempt to a person; nobody can be asked where it is absent. */
  readonly ask?: QuestionDesk["ask"];
  /** Records a fact a little later and asks for it then. */
  readonly record: (fact: () => Fact) => void;
}

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

  constructor(options: CrewOptions) {
    this.#options = options;
    const { repository, chain, record, machine = thisMachine } = options;
    this.#machine = machine;
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
    const { task, number, position, clash, resolves } = assignment;
    const tip = assignment.isolation === "none" ? null : await this.#base();
    if (!resolves || clash === null || tip === null || repository === null) {
      return this.#run(assignment, tip, await this.#prompt(assignment, null), { cancel, onAnswer });
    }
    const claim = roster.claim(position);
    const ref = `refs/ra/${run}/${task.id}/${number}`;
    const labels = { ours: `landed/${landedLabel(clash.with)}`, theirs: `task/${task.id}` };
    const covers = (path: string): boolean => matches(claim, path);
    return resolve({ repository, ref, clash, tip, covers }, labels, async (base, conflict) =>
      this.#run(assignment, base, await this.#prompt(assignment, conflict), { cancel, onAnswer }),
    );
  }

  #run(
    assignment: Assignment,
    base: string | null,
    prompt: string,
    { cancel, onAnswer }: { readonly cancel: AbortSignal; readonly onAnswer: OnAnswer },
  ): Promise<AttemptEnd> {
    const { run, roster, repository, directory, environment, recording, ask } = this.#options;
    const { task, number, position } = assignment;
    const asker = { task: task.id, attempt: number };
    const logPath = this.#log(task.id, String(number));
    const given = environment(assignment);
    const scope = scopeOf(assignment, roster.claim(position), roster.shared);
    return runAttempt(
      { ...assignment, run, base, prompt, scope, logPath, recording, environment: given },
      {
        machine: this.#machine,
        repository,
        directory,
        onAnswer,
        onSpawn: (process, workspace) => this.#registered(assignment, process, workspace),
        ...(ask && { onQuestion: (question, signal) => ask(asker, question, signal) }),
      },
      cancel,
    );
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

  /** `conflict`: what the attempt is to resolve instead of doing the task. */
  async #prompt(assignment: Assignment, conflict: OpenConflict | null): Promise<string> {
    const { task, before, clash } = assignment;
    if (task.work.kind === "command" && conflict === null) return task.work.command;
    const { run, roster, claimsBeside } = this.#options;
    // Asked for first: by then all that start together are among the active.
    const [processes, claims] = await Promise.all([
      this.#options.processes(),
      claimsBeside(task.id),
    ]);
    const beside = [...this.#active].filter((other) => other !== assignment);
    const others = [
      ...beside.map((other) => neighbour(run, other)),
      ...processes.filter((other) => other.run !== run),
    ];
    const held = heldBy(claims, others);
    const landed = roster.asked(clash?.with ?? []);
    if (conflict !== null) return composeResolutionPrompt({ task, conflict, landed, others, held });
    const clashed = clash === null ? null : { paths: clash.paths, with: landed };
    return composePrompt({ task, shared: roster.shared, others, held, before, clash: clashed });
  }

  #registered(
    { task, number, isolation }: Assignment,
    process: () => ProcessIdentity,
    workspace: Workspace | null,
  ): void {
    const base = workspace?.base ?? null;
    if (base !== null && (isolation === "clone" || isolation === "worktree")) {
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

/** Ids that conflict markers name: enough to know what landed. */
const labelIdsMax = 3;

function landedLabel(ids: readonly string[]): string {
  return ids.length === 0 ? "work" : ids.slice(0, labelIdsMax).join(",");
}
