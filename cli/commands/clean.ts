import { ExitCode, RaError } from "../../core/error.ts";
import { jsonText } from "../../core/plain-text.ts";
import { findRun } from "../../core/registry/find-run.ts";
import type { Registry } from "../../core/registry/registry.ts";
import { findPlace } from "../../core/workspace/place.ts";
import { findRemains, type Remains, remainsSite } from "../../core/workspace/remains.ts";
import { openRepository } from "../../core/workspace/repository.ts";
import { demandTask, splitAddress } from "../address.ts";
import { type CleanItem, type KnownRun, type Named, planCleaning } from "../clean-plan.ts";
import { type Cleaned, type CleanSite, clean, knownRuns, refuseAtWork } from "../cleaning.ts";
import type { CommandBody, Terminal } from "../command.ts";
import { flag } from "../option.ts";
import { openRecorded } from "../recorded.ts";
import { say } from "../say.ts";
import { usageError } from "../usage.ts";
import { cleanView, lookAt, lossView } from "../view/clean.ts";

/** `ra clean [RUN[/TASK]]`: shows what runs have left, and takes away what a person agrees to. */
export const run: CommandBody = async ({ terminal, args, options }) => {
  const place = findPlace(terminal.cwd);
  await using registry = await openRecorded(place, "write");
  await registry?.reap();
  const ground = remainsSite(place, terminal.env);
  const remains = await findRemains(ground);
  const named = await namedOf(registry, remains, args[0]);
  // Where nothing has run there is nothing to ask git for, and asking leaves no files.
  const isEmpty = remains.paths.length === 0 && remains.refs.length === 0;
  const repository =
    place.commonDir === null || isEmpty
      ? null
      : await openRepository(place, { env: terminal.env, readOnly: true });
  const site: CleanSite = { ...ground, place, registry, repository };
  const runs = await knownRuns(site, remains);
  const items = planCleaning(remains, runs, named);
  const json = flag(options, "json");
  if (!json) terminal.out(cleanView(items, runs, terminal.columns));
  const agreed = await agreedTo(terminal, items, {
    dry: flag(options, "dryRun"),
    yes: flag(options, "yes"),
  });
  const cleaned = agreed ? await clean(site, runs, items) : null;
  if (json) terminal.out(asJson(items, runs, cleaned));
  else tell(terminal, items, cleaned);
  return ExitCode.ok;
};

/** The run or task a person names; the registry may not know it, when only its remains are left. */
async function namedOf(
  registry: Registry | null,
  remains: Remains,
  text: string | undefined,
): Promise<Named | null> {
  if (text === undefined) return null;
  const address = splitAddress(text);
  const left = [...remains.paths, ...remains.refs].some(({ run }) => run === address.run);
  const run = findNamed(registry, address.run, left);
  const state = await registry?.state(run);
  if (state === undefined) return { run, task: address.task };
  if (address.task !== null) demandTask(state, address.task);
  refuseAtWork(state);
  if (state.finishedAt === null && address.task !== null) {
    throw usageError(
      `run \`${run}\` has not ended, so its tasks cannot be cleaned one by one`,
      `go on with \`ra resume ${run}\`, or give all of it up with \`ra clean ${run}\``,
    );
  }
  return { run, task: address.task };
}

function findNamed(registry: Registry | null, text: string, left: boolean): string {
  try {
    if (registry !== null) return findRun(registry.database, text);
  } catch (error) {
    if (!(error instanceof RaError) || !left) throw error;
  }
  if (left) return text;
  throw new RaError({
    code: "RUN_NONE",
    exitCode: ExitCode.usage,
    message: "there are no runs here yet",
    hint: "start one with `ra dispatch PLAN`",
  });
}

async function agreedTo(
  terminal: Terminal,
  items: readonly CleanItem[],
  asked: { readonly dry: boolean; readonly yes: boolean },
): Promise<boolean> {
  const going = items.filter(({ goes }) => goes);
  if (going.length === 0) return false;
  const loss = lossView(items);
  if (loss !== "") terminal.err(loss);
  if (asked.dry) return false;
  if (asked.yes) return true;
  if (!terminal.interactive) return false;
  const answer = await terminal.ask(
    `Take away ${going.length}? [y/N] `,
    new AbortController().signal,
  );
  return /^\s*y(es)?\s*$/i.test(answer ?? "");
}

function tell(terminal: Terminal, items: readonly CleanItem[], cleaned: Cleaned | null): void {
  const going = items.filter(({ goes }) => goes).length;
  if (cleaned === null) {
    if (going > 0) say(terminal, "nothing was taken away; `ra clean --yes` does it");
    return;
  }
  for (const name of cleaned.stayed)
    say(terminal, `${name} stays: it has moved, or is checked out`);
  say(terminal, `took ${going} away`);
}

function asJson(
  items: readonly CleanItem[],
  runs: ReadonlyMap<string, KnownRun>,
  cleaned: Cleaned | null,
): string {
  const listed = items.map((item) => {
    const { run, task, kind, names, bytes, goes, unlanded, reason } = item;
    const status = run === null ? null : (runs.get(run)?.state?.status ?? null);
    return { run, task, status, kind, names, bytes, goes, unlanded, reason, look: lookAt(item) };
  });
  const done = cleaned === null ? { cleaned: false, stayed: [] } : { cleaned: true, ...cleaned };
  return `${jsonText({ v: 1, ...done, items: listed })}\n`;
}
