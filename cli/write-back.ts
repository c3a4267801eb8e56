import {
  chmodSync,
  existsSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { type DispatchChanges, writeBack } from "../core/plan/write-back.ts";
import type { Event } from "../core/run/event.ts";
import type { TaskError } from "../core/run/model.ts";
import type { Terminal } from "./command.ts";
import type { Follower } from "./followers.ts";
import { say } from "./say.ts";

/** What a dispatch file calls the end of a task. */
const words = { done: "done", error: "error", skipped: "skipped", stopped: "stopped" } as const;

/** Writes changes into a dispatch file, atomically and with everything else in it left as it is. Throws when it cannot. */
export function applyTo(path: string, changes: DispatchChanges): void {
  const text = writeBack(readFileSync(path, "utf8"), changes);
  if (text === null) throw new Error("it is no dispatch file any more");
  replaceFile(path, text);
}

/**
 * Writes what becomes of a run into its dispatch file as it happens. A file that cannot be written is told once and never
 * fails the run. `pick`: what of the changes is written; null: nothing.
 */
export function writeBackTo(
  path: string,
  terminal: Pick<Terminal, "err">,
  pick: (changes: DispatchChanges, event: Event) => DispatchChanges | null = (changes) => changes,
): Follower {
  return ({ run, registry }) => {
    let told = false;
    const apply = (changes: DispatchChanges): void => {
      try {
        applyTo(path, changes);
      } catch (error) {
        if (!told) say(terminal, `cannot write to ${path}: ${(error as Error).message}`);
        told = true;
      }
    };
    return registry.subscribe((event) => {
      const all = event.run === run ? changesOf(event) : null;
      const changes = all && pick(all, event);
      if (changes) apply(changes);
    });
  };
}

/** How a task ended, as a dispatch file has it. */
export function taskEnd(
  id: string,
  {
    status,
    error,
    because,
  }: {
    readonly status: keyof typeof words;
    readonly error?: TaskError | null;
    readonly because?: string | null;
  },
): DispatchChanges["tasks"][number] {
  const skipped = because == null ? null : `skipped because of ${because}`;
  return {
    id,
    taskStatus: words[status],
    error: error ? `${error.kind}: ${error.message}` : skipped,
  };
}

function changesOf(event: Event): DispatchChanges | null {
  switch (event.type) {
    case "run.resumed":
      return { status: "approved", tasks: [] };
    case "attempt.started":
      return { tasks: [{ id: event.task, taskStatus: "running", error: null }] };
    case "task.finished":
      return { tasks: [taskEnd(event.task, event)] };
    case "run.finished": {
      const ended = event.status === "succeeded" || event.status === "failed";
      return { status: ended ? "completed" : "stopped", tasks: [] };
    }
    default:
      return null;
  }
}

/** A link stays a link, and the mode stays what it was; where there is no file, one is made. Readers see the old text or the new one, never a part. */
export function replaceFile(path: string, text: string): void {
  const isThere = existsSync(path);
  const file = isThere ? realpathSync(path) : path;
  const draft = `${file}.ra-${process.pid}`;
  try {
    writeFileSync(draft, text, { flag: "wx" });
    if (isThere) chmodSync(draft, statSync(file).mode & 0o7777);
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}
