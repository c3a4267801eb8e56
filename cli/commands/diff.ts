import { discardedError, refuseDiscarded } from "../../core/dispatch/discarded.ts";
import { ExitCode, RaError } from "../../core/error.ts";
import { jsonText } from "../../core/plain-text.ts";
import type { RunState, TaskState } from "../../core/run/state.ts";
import { findPlace } from "../../core/workspace/place.ts";
import type { GitRepository, LandedCommit, PatchForm } from "../../core/workspace/workspace.ts";
import type { CommandBody, Options, Terminal } from "../command.ts";
import { groundOf, namedRun } from "../ended-run.ts";
import { flag, integer } from "../option.ts";
import { demandRecorded } from "../recorded.ts";
import { wantsColor } from "../terminal.ts";
import { usageError } from "../usage.ts";
import { patchOnScreen } from "../view/patch.ts";

/** One step of a history whose changes are shown. */
interface Range {
  readonly from: string;
  readonly to: string;
}

/** `ra diff RUN[/TASK]`: what an attempt or a run changed, as git prints it. */
export const run: CommandBody = async ({ terminal, args, options }) => {
  const place = findPlace(terminal.cwd);
  await using registry = await demandRecorded(place);
  const { state, task } = await namedRun(registry, args[0] ?? "");
  const form = formOf(options);
  const attempt = integer(options, "attempt", { min: 1, max: 1_000_000 });
  if (attempt !== undefined && task === null) {
    throw usageError("`--attempt` needs a task", `name one: \`ra diff ${state.id}/TASK\``);
  }
  const { repository, target } = await groundOf(terminal, place, state, { readOnly: true });
  const ranges =
    task === null
      ? await rangesOfRun(repository, state, target)
      : [await rangeOfTask(repository, state, task, attempt)];
  if (flag(options, "json")) {
    terminal.out(
      await asJson(repository, { run: state.id, task: task?.task.id ?? null }, ranges, form),
    );
    return ExitCode.ok;
  }
  for (const { from, to } of ranges)
    print(terminal, await repository.patch(from, to, form ?? "patch"));
  return ExitCode.ok;
};

/** Null: nothing was asked for, which is the patch. */
function formOf(options: Options): PatchForm | null {
  const stat = flag(options, "stat");
  const names = flag(options, "nameOnly");
  if (stat && names) throw usageError("`--stat` and `--name-only` exclude each other", "give one");
  if (stat) return "stat";
  return names ? "names" : null;
}

/** A terminal gets only what it cannot obey; a file or another program gets every byte. */
function print(terminal: Terminal, patch: Uint8Array): void {
  if (terminal.outputIsTerminal || !terminal.bytes) {
    const color = terminal.outputIsTerminal === true && wantsColor(terminal.env, true);
    terminal.out(patchOnScreen(patch, color));
  } else terminal.bytes(patch);
}

async function asJson(
  repository: GitRepository,
  named: { readonly run: string; readonly task: string | null },
  ranges: readonly Range[],
  form: PatchForm | null,
): Promise<string> {
  const steps = await Promise.all(
    ranges.map(async ({ from, to }) => {
      const paths = await repository.changes(from, to);
      if (form !== null) return { from, to, paths };
      const patch = new TextDecoder().decode(await repository.patch(from, to, "patch"));
      return { from, to, paths, patch };
    }),
  );
  return `${jsonText({ v: 1, ...named, steps })}\n`;
}

/** The commit of a task that has one; otherwise, or for an attempt that is named, what the attempt left. */
async function rangeOfTask(
  repository: GitRepository,
  state: RunState,
  of: TaskState,
  number: number | undefined,
): Promise<Range> {
  const { task, commit, attempts, discarded } = of;
  const name = `${state.id}/${task.id}`;
  if (number !== undefined && number > attempts.length) {
    throw usageError(`\`${name}\` has no attempt ${number}`, `see them with \`ra show ${name}\``);
  }
  refuseDiscarded(state, [of]);
  if (number === undefined && commit !== null) {
    // After a rebase of the user the commit may be gone; what the attempt left is still kept.
    const from = await repository.resolve(`${commit}^`).catch(() => null);
    if (from !== null) return { from, to: commit };
  }
  if (discarded) throw discardedError(name, discarded.at);
  const attempt =
    number === undefined ? attempts.findLast(({ kept }) => kept !== null) : attempts[number - 1];
  if (attempt?.kept != null) {
    return { from: await repository.resolve(`${attempt.kept}^`), to: attempt.kept };
  }
  throw nothing(number === undefined ? `\`${name}\`` : `attempt ${number} of \`${name}\``, state);
}

/** What is on the target, then what waits beside it: one step for all commits that follow each other. */
async function rangesOfRun(
  repository: GitRepository,
  state: RunState,
  target: string,
): Promise<readonly Range[]> {
  const { id: run, base } = state;
  const tip = await repository.branchTip(target);
  const landed = tip === null ? [] : await repository.landedCommits({ run, base, tip });
  const waiting = await waitingCommits(repository, state);
  const seen = new Set(landed.map(({ commit }) => commit));
  const there = new Set(landed.flatMap(({ tasks }) => tasks));
  const rest = waiting.filter(
    ({ commit, tasks }) => !seen.has(commit) && !tasks.every((id) => there.has(id)),
  );
  const ranges = [...stepsOf(landed), ...stepsOf(rest)];
  if (ranges.length === 0) {
    refuseDiscarded(state, [...state.tasks.values()]);
    throw nothing(`run \`${run}\``, state);
  }
  return ranges;
}

async function waitingCommits(
  repository: GitRepository,
  { id: run, base, published, finishedAt, discardedBranch }: RunState,
): Promise<readonly LandedCommit[]> {
  if (published?.keptOn && published.keptOn === discardedBranch) return [];
  if (published?.keptOn) {
    const tip = (await repository.branchTip(published.keptOn)) ?? published.to;
    return await repository.landedCommits({ run, base, tip });
  }
  if (finishedAt !== null) return [];
  const tip = await repository.resolve(`refs/ra/${run}/_tip`).catch(() => null);
  return tip === null ? [] : await repository.landedCommits({ run, base, tip });
}

/** Oldest first; commits that stand on each other become one step. `commits`: newest first. */
function stepsOf(commits: readonly LandedCommit[]): readonly Range[] {
  const steps: { from: string; to: string }[] = [];
  for (const { commit, parent } of commits.toReversed()) {
    const last = steps.at(-1);
    if (parent === null) continue;
    if (last?.to === parent) last.to = commit;
    else steps.push({ from: parent, to: commit });
  }
  return steps;
}

function nothing(what: string, { id }: RunState): RaError {
  return new RaError({
    code: "NOTHING_TO_SHOW",
    exitCode: ExitCode.usage,
    message: `${what} has changed nothing that git holds`,
    hint: `see how it ended with \`ra why ${id}\``,
  });
}
