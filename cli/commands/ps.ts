import { join } from "node:path";
import { ExitCode } from "../../core/error.ts";
import { jsonText } from "../../core/plain-text.ts";
import { HeldClaims } from "../../core/registry/claims.ts";
import { KnownCooldowns } from "../../core/registry/cooldowns.ts";
import { RegistryDatabase } from "../../core/registry/database.ts";
import {
  liveProcesses,
  newestSeq,
  type RunSummary,
  runs,
  waitingTasks,
} from "../../core/registry/query.ts";
import { openQuestions, type PlacedQuestion } from "../../core/registry/questions.ts";
import { abandonedRuns } from "../../core/registry/reaping.ts";
import type { Cooldown } from "../../core/run/cooldown.ts";
import type { ForeignClaim } from "../../core/run/log.ts";
import { findPlace } from "../../core/workspace/place.ts";
import type { CommandBody, Options, Terminal } from "../command.ts";
import { flag } from "../option.ts";
import { recordedDatabase } from "../recorded-database.ts";
import { type Heard, silentSince } from "../silence.ts";
import { processTable, questionList, runTable } from "../view/ps.ts";

/** How often `--watch` looks for changes, in milliseconds. */
const lookMs = 250;

/** Puts the cursor at the top of an empty screen. */
const clear = "\u001b[H\u001b[J";

/** Ended runs that `--all` lists. */
const runsMax = 50;

/** `ra ps`: live processes, those that need a person first. */
export const run: CommandBody = async ({ terminal, options }) => {
  const place = findPlace(terminal.cwd);
  const follows = flag(options, "watch");
  const isData = flag(options, "json") || flag(options, "quiet");
  const drawsAnew = follows && !isData && terminal.redraws === true;
  // Whoever watches may do so before the first run; a mere look leaves no files.
  const database = follows
    ? await RegistryDatabase.open(place.stateDir)
    : await recordedDatabase(place);
  try {
    if (database !== null) await reap(database);
    const print = (): void => {
      const logs = join(place.stateDir, "runs");
      const view = database === null ? nothing : look(database, logs, flag(options, "all"));
      terminal.out(`${drawsAnew ? clear : ""}${shown(view, terminal, options)}`);
    };
    print();
    if (follows && database !== null) await watch(database, terminal, print);
  } finally {
    database?.close();
  }
  return ExitCode.ok;
};

/** What writes is loaded where something has to be written. */
async function reap(database: RegistryDatabase): Promise<void> {
  if (abandonedRuns(database).length === 0) return;
  const { Registry } = await import("../../core/registry/registry.ts");
  await Registry.on(database).reap();
}

function shown(view: View, terminal: Terminal, options: Options): string {
  if (flag(options, "json")) return `${jsonText({ v: 1, ...view })}\n`;
  if (flag(options, "quiet")) return view.processes.map(({ id }) => `${id}\n`).join("");
  return table(view, terminal);
}

interface View {
  readonly seq: number;
  readonly processes: readonly Heard[];
  /** What agents ask a person, the oldest first. */
  readonly questions: readonly PlacedQuestion[];
  readonly waiting: ReturnType<typeof waitingTasks>;
  /** The paths that are claimed now, those of results that have not landed yet included. */
  readonly claims: readonly ForeignClaim[];
  /** Providers that refuse, or that one attempt asks first. */
  readonly cooldowns: readonly Cooldown[];
  readonly runs: readonly RunSummary[];
}

const nothing: View = {
  ...{ seq: 0, processes: [], questions: [], waiting: [], claims: [], cooldowns: [] },
  runs: [],
};

function look(database: RegistryDatabase, logs: string, all: boolean): View {
  const known = runs(database, { limit: runsMax, open: !all });
  const open = known.filter((each) => each.finishedAt === null);
  return {
    seq: newestSeq(database),
    processes: liveProcesses(database).map((each) => ({
      ...each,
      silentSince: silentSince(each, logs, Date.now()),
    })),
    questions: openQuestions(database),
    waiting: waitingTasks(
      database,
      open.filter((each) => each.driven).map(({ id }) => id),
    ),
    claims: new HeldClaims(database).beside(""),
    cooldowns: new KnownCooldowns(database).standing(undefined, Date.now()),
    runs: known,
  };
}

function table(view: View, terminal: Terminal): string {
  const now = Date.now();
  const parts = [
    questionList(view.questions, now),
    processTable({ ...view, held: view.claims.filter(({ live }) => !live) }, now, terminal.columns),
    runTable(view.runs, now, terminal.columns),
  ].filter((part) => part !== "");
  return parts.length === 0
    ? "nothing runs here; start with: ra dispatch plan.yaml\n"
    : parts.join("\n");
}

/** Prints on every change until the reader goes or a signal ends the process. */
async function watch(
  database: RegistryDatabase,
  terminal: Terminal,
  print: () => void,
): Promise<void> {
  const stop = terminal.outputClosed;
  while (!stop?.aborted) {
    await Bun.sleep(lookMs);
    if (database.changed()) print();
  }
}
