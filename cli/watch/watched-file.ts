import { createHash } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { basename } from "node:path";
import { asMap, asText } from "../../core/plan/draft.ts";
import type { DispatchChanges } from "../../core/plan/write-back.ts";
import type { QueuedRequest, RequestStore, Settlement } from "../../core/queue/request.ts";
import type { RunState } from "../../core/run/state.ts";
import type { Terminal } from "../command.ts";
import type { Follower } from "../followers.ts";
import { applyTo, replaceFile, taskEnd, writeBackTo } from "../write-back.ts";

/** The way in, as requests name it. */
export const watchSource = "watch";

/** The dispatch file that a request came from, and what it asked for. */
export interface WatchedFile {
  readonly path: string;
  /** As `identityOf` says of its text. */
  readonly identity: string;
}

/** Where a request came from; null: not from a file. */
export function fileOf({
  source,
  asked,
}: Pick<QueuedRequest, "source" | "asked">): WatchedFile | null {
  return source === watchSource ? (JSON.parse(asked) as WatchedFile) : null;
}

/** A dispatch file as far as it says what is asked for and whether; null: it is none, or not whole yet. */
export interface DispatchText {
  /** Tells one plan from another. What a run writes back does not change it. */
  readonly identity: string;
  readonly status: string;
  readonly project: string | null;
}

/** Reads the text of a dispatch file. JSON alone: a part of it never passes for the whole. */
export function readDispatchText(text: string): DispatchText | null {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch {
    return null;
  }
  const { status, ...rest } = asMap(value);
  if (typeof status !== "string" || !Array.isArray(rest.tasks) || "version" in rest) return null;
  const tasks = rest.tasks.map((task) => {
    const { taskStatus: _, error: __, ...asked } = asMap(task);
    return asked;
  });
  const identity = createHash("sha256")
    .update(JSON.stringify({ ...rest, tasks }))
    .digest("hex");
  return { identity, status, project: asText(rest.project) ?? null };
}

/** What the file says while it still asks for what the request does; else null. */
function still({ path, identity }: WatchedFile): DispatchText | null {
  try {
    const found = readDispatchText(readFileSync(path, "utf8"));
    return found?.identity === identity ? found : null;
  } catch {
    return null;
  }
}

/** Writes back what becomes of a run. The status of the file is the user's until the run has ended for good. */
export function writesBack(file: WatchedFile, terminal: Pick<Terminal, "err">): Follower {
  return writeBackTo(file.path, terminal, (changes, event) => {
    if (still(file) === null) return null;
    const isOver = event.type === "run.finished" && event.status !== "interrupted";
    return isOver ? changes : withoutStatus(changes);
  });
}

function withoutStatus({ tasks }: DispatchChanges): DispatchChanges | null {
  return tasks.length === 0 ? null : { tasks };
}

/**
 * Tells a file how its request ended, before that is recorded: a file that has not been told would be run again. `state`: its
 * run; undefined: there was none. What cannot be written is left: the file is as it was, and is known by that.
 */
export function tellEnd(
  file: WatchedFile,
  { status, exitCode, reason }: Settlement,
  state: RunState | undefined,
): void {
  const isWhole = status === "fulfilled" || (status === "rejected" && exitCode !== null);
  try {
    if (still(file)?.status !== "approved") return;
    const ended = isWhole && state !== undefined;
    applyTo(file.path, { status: ended ? "completed" : "stopped", tasks: tasksOf(state) });
    if (status === "rejected" && state === undefined) report(file.path, `${reason}\n`);
  } catch {
    // Gone, or not to be written.
  }
}

function tasksOf(state: RunState | undefined): DispatchChanges["tasks"] {
  if (state === undefined) return [];
  return [...state.tasks.values()].flatMap(({ task, finishedAt, ...how }) => {
    const { status } = how;
    const hasEnded =
      status === "done" || status === "error" || status === "skipped" || status === "stopped";
    return finishedAt === null || !hasEnded ? [] : [taskEnd(task.id, { ...how, status })];
  });
}

/** A store that tells files of the end of their requests. */
export function tellingFiles(store: RequestStore): RequestStore {
  return {
    accept: (requests, room) => store.accept(requests, room),
    open: () => store.open(),
    find: (id) => store.find(id),
    begin: (id) => store.begin(id),
    cancel: (id, by) => store.cancel(id, by),
    settle(id, settlement) {
      const request = store.find(id);
      const file = request === null ? null : fileOf(request);
      if (file !== null) tellEnd(file, settlement, undefined);
      return store.settle(id, settlement);
    },
  };
}

const head = (path: string): string => `ra watch did not run ${basename(path)}:\n\n`;

/** The file beside a dispatch file that tells why it is not run. */
export function reportPath(path: string): string {
  return `${path}.error.txt`;
}

/** Tells beside a dispatch file why it is not run. Throws when that cannot be written. */
export function report(path: string, why: string): void {
  if (isForeign(path)) return;
  replaceFile(reportPath(path), head(path) + why);
}

/** Takes such a report away. */
export function withdraw(path: string): void {
  if (!isForeign(path)) rmSync(reportPath(path), { force: true });
}

/** True when something else has that name. */
function isForeign(path: string): boolean {
  try {
    return !readFileSync(reportPath(path), "utf8").startsWith(head(path));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ENOENT";
  }
}
