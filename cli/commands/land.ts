import { assert } from "../../core/assert.ts";
import { type LaterLanding, landKept } from "../../core/dispatch/landing.ts";
import { endAfterLanding } from "../../core/dispatch/summary.ts";
import { ExitCode, RaError } from "../../core/error.ts";
import type { Registry } from "../../core/registry/registry.ts";
import type { Event, Fact } from "../../core/run/event.ts";
import type { RunState } from "../../core/run/state.ts";
import { findPlace, type Place } from "../../core/workspace/place.ts";
import type { GitRepository } from "../../core/workspace/workspace.ts";
import type { CommandBody, Terminal } from "../command.ts";
import { composeLanding } from "../compose.ts";
import { loadConfig } from "../config.ts";
import { refuseDriven } from "../driven.ts";
import { groundOf, interrupted, namedRun } from "../ended-run.ts";
import { eventLine } from "../event-line.ts";
import { holdRun } from "../hold.ts";
import { flag } from "../option.ts";
import { demandRecorded } from "../recorded.ts";
import { runnerNames } from "../runner-names.ts";
import { say } from "../say.ts";
import { abortOnSignal } from "../signals.ts";

/** `ra land RUN[/TASK]`: merges, checks and lands what a run left beside its target. */
export const run: CommandBody = async ({ terminal, args, options }) => {
  const place = findPlace(terminal.cwd);
  await using registry = await demandRecorded(place, "write");
  await registry.reap();
  const { state: named, task } = await namedRun(registry, args[0] ?? "");
  refuseDriven(named);
  const { repository, target } = await groundOf(terminal, place, named, { readOnly: false });
  return await holdRun({ registry, run: named.id, by: "land" }, async (state) => {
    const verified = options.verify !== false;
    const wish = {
      terminal,
      place,
      repository,
      state,
      target,
      verified,
      recheck: flag(options, "recheck"),
      registry,
    };
    const landing = await land(wish, task?.task.id ?? null);
    // Before the fact: a crash in between is mended by the next `ra land`, which finds all of it on the target.
    const leftover = landing.complete ? await discardBranch(repository, state) : null;
    const events = await record(registry, wish, landing);
    if (state.finishedAt !== null) await repository.tidy(state.id);
    if (flag(options, "json")) {
      for (const event of events) terminal.out(eventLine(event));
    } else say(terminal, told(wish, landing));
    if (leftover !== null) say(terminal, leftover);
    return ExitCode.ok;
  });
};

/** A landing that a person asks for. */
interface Wish {
  readonly terminal: Terminal;
  readonly place: Place;
  readonly repository: GitRepository;
  readonly state: RunState;
  readonly target: string;
  readonly verified: boolean;
  /** True: checks that passed on the very tree are run all the same. */
  readonly recheck: boolean;
  readonly registry: Registry;
}

async function land(wish: Wish, task: string | null): Promise<LaterLanding> {
  const { terminal, place, target, repository } = wish;
  const state = wish.verified ? wish.state : withoutChecks(wish.state);
  const base = await repository.branchTip(target);
  if (base === null) throw targetGone(target);
  const { env } = terminal;
  const config = await loadConfig({ root: place.root, env, runners: runnerNames });
  using ending = abortOnSignal();
  const ground = { target, base, follows: true };
  const parts = { run: state.id, plan: state.plan, place, config, repository, ground, env };
  const known = {
    passed: wish.recheck ? null : state.passed,
    record: (fact: Fact) => wish.registry.append(state.id, [fact]),
    onKnown: (words: string) => say(terminal, words),
  };
  const chain = composeLanding(parts, known, ending.signal);
  assert(chain, "there is a repository to land in");
  try {
    return await landKept({ repository, chain, state, target, task });
  } catch (error) {
    throw ending.signal.aborted ? interrupted() : error;
  }
}

function withoutChecks(state: RunState): RunState {
  const tasks = [...state.tasks].map(
    ([id, task]) => [id, { ...task, task: { ...task.task, verify: null } }] as const,
  );
  return { ...state, tasks: new Map(tasks) };
}

function record(
  registry: Registry,
  { state, target, verified }: Wish,
  { from, to, tasks, complete }: LaterLanding,
): Promise<readonly Event[]> {
  const landed = new Set(tasks.map(({ id }) => id));
  return registry.commit(state.id, ({ state: now }) => {
    const end = endAfterLanding(now ?? state, landed, complete);
    return [{ type: "run.landed", target, from, to, tasks, verified, complete, ...end }];
  });
}

/** Deletes `ra/<run>` if it holds exactly what `ra` put there; otherwise tells that it stays. */
async function discardBranch(
  repository: GitRepository,
  { published }: RunState,
): Promise<string | null> {
  if (published?.keptOn == null) return null;
  const { keptOn, to } = published;
  if ((await repository.branchTip(keptOn)) === null) return null;
  if (await repository.discard(keptOn, to)) return null;
  return `the branch ${keptOn} stays: it is checked out, or holds more than ra put there`;
}

function told({ state, target, verified }: Wish, { to, tasks }: LaterLanding): string {
  const words = tasks.map(({ id, commit }) =>
    commit === null ? id : `${id} ${commit.slice(0, 7)}`,
  );
  const checks = verified ? "" : "; the checks were left out";
  return `${state.id}: landed ${words.join(", ")}; ${target} is at ${to.slice(0, 7)}${checks}`;
}

function targetGone(target: string): RaError {
  return new RaError({
    code: "TARGET_GONE",
    exitCode: ExitCode.notLanded,
    message: `the branch \`${target}\` does not exist`,
    hint: `make it with \`git branch ${target} COMMIT\``,
  });
}
