import {
  amountText,
  type ChannelRequestState,
  type Event,
  hasEnded,
  isAtWork,
  oneLine,
  type RunState,
  spentByAll,
  type TaskState,
} from "../../core/plugin/index.ts";
import type { Buttons } from "./bot.ts";
import { button } from "./clicks.ts";
import { code, type Piece, type Words, words } from "./words.ts";

/** Tasks that a message shows, and paths that it names. */
const tasksMax = 40;
const pathsMax = 30;

/** What a message shows, and the buttons below it. */
export interface View {
  readonly words: Words;
  readonly buttons: Buttons;
}

const signs: Readonly<Record<TaskState["status"], string>> = {
  pending: "◌",
  waiting: "◌",
  parked: "◌",
  running: "●",
  merging: "●",
  "needs-you": "!",
  done: "✓",
  error: "✗",
  skipped: "–",
  stopped: "■",
};

const ends: Readonly<Record<string, string>> = {
  succeeded: "done",
  failed: "failed",
  stopped: "stopped",
  interrupted: "interrupted",
  "rolled-back": "taken back",
};

/** A run as it stands. `request`: what it came of; its name says more than that of the run. */
export function runView(state: RunState, request: Named | null): View {
  const { id, status, finishedAt } = state;
  const all = [...state.tasks.values()];
  const together = all.filter(isAtWork).length > 1;
  const shown = all.length > tasksMax ? notable(all) : all;
  const lines = shown.flatMap((task) => taskPieces(task, together && isAtWork(task)));
  const more = all.length > shown.length ? [`\nand ${all.length - shown.length} more`] : [];
  const pieces = [headOf(state, request), ...lines, ...more, ...endPieces(state)];
  if (finishedAt !== null) return { words: words(pieces), buttons: [] };
  const stop = button("Stop", { kind: "stop", run: id });
  if (status !== "paused") return { words: words(pieces), buttons: [[stop]] };
  const ended = all.filter(hasEnded).length;
  const next = button("Next", { kind: "next", run: id, ended });
  return { words: words([...pieces, "\nwaits for you: Next?"]), buttons: [[next, stop]] };
}

type Named = Pick<ChannelRequestState, "name">;

function headOf(state: RunState, request: Named | null): string {
  const all = [...state.tasks.values()];
  const done = all.filter(({ status }) => status === "done").length;
  const { usd } = spentByAll(all);
  const limit = state.budget.usd;
  const of = limit === undefined ? "" : ` of ${amountText("usd", limit)}`;
  const money = usd === 0 && limit === undefined ? "" : ` · ${amountText("usd", usd)}${of}`;
  return `${state.id} ${oneLine((request ?? state).name, 120)} · ${done} of ${all.length}${money}`;
}

/** Of many tasks those that a person wants to see: what failed or works, then what comes next. */
function notable(all: readonly TaskState[]): TaskState[] {
  const weight = (task: TaskState): number => {
    if (task.status === "needs-you") return 0;
    if (task.status === "error") return 1;
    if (isAtWork(task)) return 2;
    return hasEnded(task) ? 4 : 3;
  };
  return all.toSorted((a, b) => weight(a) - weight(b)).slice(0, tasksMax);
}

function taskPieces(task: TaskState, isBeside: boolean): Piece[] {
  const { id } = task.task;
  const line = `\n${isBeside ? "∥ " : ""}${signs[task.status]} ${id}`;
  const foreseen = isAtWork(task)
    ? task.foreseen.flatMap(({ with: other, paths }): Piece[] => [
        `\n  conflict with ${other ?? "what has landed"} ahead: `,
        code(paths.slice(0, 3).join(", ")),
      ])
    : [];
  if (task.status === "error" && task.error !== null)
    return [`${line}  ${task.error.kind}: `, code(task.error.message)];
  if (task.status === "skipped" && task.because) return [`${line}  needs ${task.because}`];
  if (task.status === "needs-you") return [`${line}  asks you`, ...foreseen];
  return [line, ...foreseen];
}

function endPieces({ status, finishedAt, published }: RunState): Piece[] {
  if (finishedAt === null) return [];
  const word = `\n${ends[status] ?? status}`;
  if (published === null) return [word];
  const { target, keptOn, reason } = published;
  if (keptOn === null) return [`${word}; landed on `, code(target)];
  return [`${word}; kept on `, code(keptOn), reason === null ? "" : ": ", code(reason ?? "")];
}

/** A request whose run has not started. */
export function requestView({ id, name, status, reason }: ChannelRequestState): View {
  const head = oneLine(name, 120);
  if (status === "queued" || status === "running") {
    const what = status === "queued" ? "waits for its turn" : "starts";
    const buttons = [[button("Stop", { kind: "cancel", request: id })]];
    return { words: words([`${head} · ${what}`]), buttons };
  }
  const why = reason === null ? [] : ["\n", code(reason)];
  return { words: words([`${head} · ${status}`, ...why]), buttons: [] };
}

/** The end of a run in a few words, for those who look at nothing else. */
export function endWords(state: RunState, request: Named | null): Words {
  const failed = [...state.tasks.values()].filter(({ status }) => status === "error");
  const logs = failed.slice(0, 5).map(({ task }) => `\n/log ${state.id}/${task.id}`);
  return words([headOf(state, request), ...endPieces(state), ...logs]);
}

/** A result that did not fit to what had landed, with every path. */
export function conflictWords(
  event: Extract<Event, { type: "merge.finished" }>,
): { readonly words: Words; readonly all: string | null } | null {
  const { run, task, landing } = event;
  if (landing.kind !== "conflicted") return null;
  const { paths, with: others } = landing;
  const whom = others.length === 0 ? "what has landed" : oneLine(others.join(", "), 200);
  const lines = paths.slice(0, pathsMax).flatMap((path): Piece[] => ["\n", code(path)]);
  const more = paths.length > pathsMax;
  const rest = more ? [`\nand ${paths.length - pathsMax} more`] : [];
  return {
    words: words([`${run}/${task} conflicts with ${whom} in`, ...lines, ...rest]),
    all: more ? `${paths.map((path) => oneLine(path, 4_000)).join("\n")}\n` : null,
  };
}
