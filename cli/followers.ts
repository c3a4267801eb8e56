import { readFileSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Registry } from "../core/registry/registry.ts";

/** A run under way, for whoever answers it or follows it. */
export interface Session {
  readonly run: string;
  readonly registry: Registry;
  /** Ends the run as Ctrl-C does. */
  interrupt(): void;
}

/** The file a dispatch file's other side writes to answer a pause. */
export const continueFileName = "wa_dispatch_continue.json";

/** How often the continue file is looked for while a run waits, in milliseconds. */
const lookMs = 200;

/** Follows a run from its start; returns the way to stop. */
export type Follower = (session: Session) => () => void;

/** One follower out of several; null ones are left out. */
export function together(followers: readonly (Follower | null)[]): Follower {
  return (session) => {
    const stops = followers.map((follow) => follow?.(session));
    return () => {
      for (const stop of stops) stop?.();
    };
  };
}

/** Only while the run waits: an answer that comes late must not answer the next question. */
export async function answerPause(
  { run, registry, interrupt }: Session,
  action: "continue" | "stop",
  by: string,
): Promise<void> {
  try {
    await registry.commit(run, ({ state }) =>
      state?.status === "paused" ? [{ type: "request.received", action, by }] : [],
    );
  } catch {
    // A run that cannot record an answer would wait for ever: at its end it meets the same trouble, and tells it.
    interrupt();
  }
}

/**
 * Watches for `wa_dispatch_continue.json` beside a dispatch file while the run waits, and consumes it. One that lay
 * there before the run started answers a question of an earlier run: it is removed and not obeyed.
 */
export function answerFromFile(planPath: string): Follower {
  const path = join(dirname(planPath), continueFileName);
  return (session) => {
    const { run, registry } = session;
    let timer: ReturnType<typeof setInterval> | null = null;
    const stop = (): void => {
      if (timer !== null) clearInterval(timer);
      timer = null;
    };
    let spent = discard(path);
    const look = (): void => {
      if (versionOf(path) === spent) return;
      const action = readAnswer(path);
      if (action === null) return;
      stop();
      spent = discard(path);
      void answerPause(session, action, basename(path));
    };
    const unsubscribe = registry.subscribe((event) => {
      if (event.run !== run) return;
      if (event.type === "run.paused") timer ??= setInterval(look, lookMs);
      else if (event.type === "run.continued") stop();
    });
    return () => {
      stop();
      unsubscribe();
    };
  };
}

/** The answer that stands there; null while there is none or it is still being written. */
export function readAnswer(path: string): "continue" | "stop" | null {
  try {
    const { action } = JSON.parse(readFileSync(path, "utf8")) as { action?: unknown };
    return action === "continue" || action === "stop" ? action : null;
  } catch {
    return null;
  }
}

/** Removes the answer. Gives the version of one that cannot be removed, so that it is not obeyed again; else null. */
function discard(path: string): string | null {
  try {
    rmSync(path, { force: true });
    return null;
  } catch {
    return versionOf(path);
  }
}

/** Tells one writing of a file from another; null where there is no regular file. */
function versionOf(path: string): string | null {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat?.isFile() ? `${stat.ino} ${stat.mtimeMs} ${stat.size}` : null;
}
