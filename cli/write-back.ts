import {
  chmodSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { type DispatchChanges, writeBack } from "../core/plan/write-back.ts";
import type { Event } from "../core/run/event.ts";
import type { Terminal } from "./command.ts";
import type { Follower } from "./followers.ts";

/** What a dispatch file calls the end of a task. */
const words = { done: "done", error: "error", skipped: "skipped", stopped: "stopped" } as const;

/**
 * Writes what becomes of a run into its dispatch file as it happens, atomically and with everything else in the file
 * left as it is. A file that cannot be written is told once and never fails the run.
 */
export function writeBackTo(path: string, terminal: Terminal): Follower {
  return ({ run, registry }) => {
    let told = false;
    const apply = (changes: DispatchChanges): void => {
      try {
        const text = writeBack(readFileSync(path, "utf8"), changes);
        if (text === null) throw new Error("it is no dispatch file any more");
        replaceFile(path, text);
      } catch (error) {
        if (!told) terminal.err(`ra: cannot write to ${path}: ${(error as Error).message}\n`);
        told = true;
      }
    };
    return registry.subscribe((event) => {
      const changes = event.run === run ? changesOf(event) : null;
      if (changes) apply(changes);
    });
  };
}

function changesOf(event: Event): DispatchChanges | null {
  switch (event.type) {
    case "run.resumed":
      return { status: "approved", tasks: [] };
    case "attempt.started":
      return { tasks: [{ id: event.task, taskStatus: "running", error: null }] };
    case "task.finished": {
      const skipped = event.because === undefined ? null : `skipped because of ${event.because}`;
      const error = event.error ? `${event.error.kind}: ${event.error.message}` : skipped;
      return { tasks: [{ id: event.task, taskStatus: words[event.status], error }] };
    }
    case "run.finished": {
      const ended = event.status === "succeeded" || event.status === "failed";
      return { status: ended ? "completed" : "stopped", tasks: [] };
    }
    default:
      return null;
  }
}

/** A link stays a link, and the mode stays what it was. Readers see the old text or the new one, never a part. */
function replaceFile(path: string, text: string): void {
  const file = realpathSync(path);
  const draft = `${file}.ra-${process.pid}`;
  try {
    writeFileSync(draft, text, { flag: "wx" });
    chmodSync(draft, statSync(file).mode & 0o7777);
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}
