import type { ComponentChildren } from "preact";
import type { RunSummary } from "../../../core/registry/query.ts";
import type { TaskStatus } from "../../../core/run/model.ts";
import { spentByAll } from "../../../core/run/spending.ts";
import type { RunState, TaskState } from "../../../core/run/state.ts";
import { errorText } from "../../view/event-lines.ts";
import { duration } from "../../view/text.ts";
import { waitText } from "../../view/wait.ts";

/** A sign beside each word: colour is only the third signal. */
const signs: Readonly<Record<string, string>> = {
  done: "✓",
  succeeded: "✓",
  usable: "✓",
  unusable: "✗",
  refuses: "◷",
  error: "✗",
  failed: "✗",
  running: "●",
  merging: "◐",
  "needs-you": "!",
  paused: "!",
  interrupted: "!",
  "broken off": "!",
  parked: "◷",
  waiting: "◌",
  pending: "◌",
  queued: "◌",
  stopped: "■",
  skipped: "–",
  "rolled-back": "↶",
};

/** A status as a sign and a word. */
export function Status({ of }: { readonly of: string }) {
  return (
    <span class={`status ${toneOf(of)}`}>
      <span aria-hidden="true">{signOf(of)}</span> {of.replace("-", " ")}
    </span>
  );
}

/** The sign of a status. */
export function signOf(status: string): string {
  return signs[status] ?? "·";
}

/** What a status says at a glance. */
export function toneOf(status: string): "good" | "bad" | "ask" | "work" | "quiet" {
  if (["done", "succeeded", "usable"].includes(status)) return "good";
  if (status === "error" || status === "failed") return "bad";
  if (["needs-you", "paused", "interrupted", "broken off", "parked", "refuses"].includes(status))
    return "ask";
  return status === "running" || status === "merging" ? "work" : "quiet";
}

/** The status of a run as people see it: one that nobody drives is not running. */
export function statusOf({ status, driven, tasks }: RunSummary): string {
  if (!driven) return "broken off";
  return status === "running" && tasks["needs-you"] !== undefined ? "needs-you" : status;
}

/** `2/7`, and how many failed or wait. */
export function countsOf(tasks: Readonly<Partial<Record<TaskStatus, number>>>): string {
  const all = Object.values(tasks).reduce((sum, count) => sum + count, 0);
  const failed = tasks.error === undefined ? "" : ` ${tasks.error}✗`;
  const asks = tasks["needs-you"] === undefined ? "" : ` ${tasks["needs-you"]}!`;
  return `${tasks.done ?? 0}/${all}${failed}${asks}`;
}

/** Why a task is where it is, in a few words. */
export function reasonOf(task: TaskState): string {
  if (task.error !== null) return errorText(task.error);
  if (task.because !== null) return `because of ${task.because}`;
  if (task.status === "waiting" && task.waiting !== null) return `waits ${waitText(task.waiting)}`;
  if (task.status === "parked") return `parked until ${clock(task.parkedUntil)}`;
  if (task.status === "pending" && task.task.deps.length > 0) {
    return `after ${task.task.deps.join(", ")}`;
  }
  return task.commit === null ? "" : `landed as ${task.commit.slice(0, 7)}`;
}

/** Time between two points; `to` null: until now. */
export function between(from: string, to: string | null, nowMs: number): string {
  return duration((to === null ? nowMs : Date.parse(to)) - Date.parse(from));
}

/** How long ago. */
export function ago(at: string, nowMs: number): string {
  return `${duration(nowMs - Date.parse(at))} ago`;
}

/** A time of day. */
export function clock(at: string | null): string {
  return at === null ? "" : new Date(at).toLocaleTimeString();
}

/** What a run has cost, as far as its agents said; empty when none did. */
export function costOf({ tasks }: RunState): string {
  const { usd, usdUnknown, attempts } = spentByAll(tasks.values());
  return attempts === usdUnknown ? "" : `$${usd.toFixed(2)}`;
}

/** Tabs whose names stand in the URL, so that each has a link of its own. */
export function Tabs({
  names,
  now,
  label,
}: {
  readonly names: readonly string[];
  readonly now: string;
  readonly label: string;
}) {
  return (
    <nav class="tabs" aria-label={label}>
      {names.map((name) => (
        <a key={name} href={`?tab=${name}`} aria-current={name === now ? "page" : undefined}>
          {name}
        </a>
      ))}
    </nav>
  );
}

/** What could not be done or shown. */
export function Trouble({ children }: { readonly children: ComponentChildren }) {
  return (
    <p class="trouble" role="alert">
      {children}
    </p>
  );
}
