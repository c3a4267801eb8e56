import { ExitCode } from "../../core/error.ts";
import { jsonText } from "../../core/plain-text.ts";
import { findPlace } from "../../core/workspace/place.ts";
import type { GitRepository, PatchForm } from "../../core/workspace/workspace.ts";
import { type Change, changeOfTask, changesOfRun } from "../changes.ts";
import type { CommandBody, Options, Terminal } from "../command.ts";
import { groundOf, namedRun } from "../ended-run.ts";
import { flag, integer } from "../option.ts";
import { demandRecorded } from "../recorded.ts";
import { wantsColor } from "../terminal.ts";
import { usageError } from "../usage.ts";
import { patchOnScreen } from "../view/patch.ts";

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
      ? await changesOfRun(repository, state, target)
      : [await changeOfTask(repository, state, task, attempt)];
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
  ranges: readonly Change[],
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
