import { oneLine } from "../../core/plugin/index.ts";
import { button } from "./clicks.ts";
import type { View } from "./run-view.ts";
import { type Words, words } from "./words.ts";

/** A run as the gateway lists it. */
export interface ListedRun {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly driven: boolean;
  readonly finishedAt: string | null;
  readonly tasks: Readonly<Record<string, number>>;
}

/** What waits, as the gateway tells it. */
export interface ListedQueue {
  readonly requests: readonly {
    readonly id: string;
    readonly name: string;
    readonly status: string;
  }[];
}

/** Runs and requests that a list shows. */
const listedMax = 20;

/** Statuses of tasks that have come to an end. */
const ended = ["done", "error", "skipped", "stopped"] as const;

/** What runs and what waits. */
export function listView(runs: readonly ListedRun[], queue: ListedQueue): Words {
  const open = runs.filter(({ finishedAt }) => finishedAt === null).slice(0, listedMax);
  const waiting = queue.requests.filter(({ status }) => status === "queued").slice(0, listedMax);
  const lines = [
    ...open.map((run) => runLine(run)),
    ...waiting.map(({ id, name }) => `◌ ${id} ${oneLine(name, 100)} · waits for its turn`),
  ];
  return words([lines.length === 0 ? "nothing runs, and nothing waits" : lines.join("\n")]);
}

function runLine({ id, name, status, driven, tasks }: ListedRun): string {
  const all = Object.values(tasks).reduce((sum, count) => sum + count, 0);
  const asks = tasks["needs-you"] === undefined ? "" : " · asks you";
  const word = driven ? status : `broken off: ra resume ${id}`;
  return `● ${id} ${oneLine(name, 100)} · ${tasks.done ?? 0} of ${all} · ${word}${asks}`;
}

/** One button for each run that can be ended, or go on. */
export function chooseView(runs: readonly ListedRun[], what: "stop" | "continue"): View {
  const open = runs.filter(({ finishedAt, driven }) => finishedAt === null && driven);
  const fit = what === "stop" ? open : open.filter(({ status }) => status === "paused");
  if (fit.length === 0) {
    const none = what === "stop" ? "nothing runs" : "no run waits between its tasks";
    return { words: words([none]), buttons: [] };
  }
  const buttons = fit.slice(0, listedMax).map(({ id, name, tasks }) => {
    const count = ended.reduce((sum, status) => sum + (tasks[status] ?? 0), 0);
    const verb = what === "stop" ? "Stop" : "Next";
    const click =
      what === "stop"
        ? ({ kind: "stop", run: id } as const)
        : ({ kind: "next", run: id, ended: count } as const);
    return [button(`${verb} ${id} ${oneLine(name, 25)}`, click)];
  });
  return { words: words(["Which one?"]), buttons };
}
