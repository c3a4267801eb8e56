import { existsSync } from "node:fs";
import { join } from "node:path";
import { assert } from "../../core/assert.ts";
import { promptPath } from "../../core/dispatch/attempt-request.ts";
import { checkLog } from "../../core/dispatch/verify.ts";
import type { Registry } from "../../core/registry/registry.ts";
import type { RunState } from "../../core/run/state.ts";
import type { Place } from "../../core/workspace/place.ts";
import { changeOfTask, changesOfRun } from "../changes.ts";
import type { Terminal } from "../command.ts";
import { groundOf, type NamedRun, namedRun } from "../ended-run.ts";
import { LogTail, printedBytes } from "../log-tail.ts";
import { taskJson } from "../view/show-json.ts";
import { Refusal } from "./refusal.ts";

/** Bytes of a patch, and of a log, that one answer holds at most. */
const patchMax = 2 * 1024 ** 2;
const logMax = 512 * 1024;

/** What of an attempt is read: what it printed, what it was told, or what a try of its check printed. */
export type LogOf = "output" | "prompt" | { readonly check: number };

/** One attempt of a task, and where to begin in what it printed. */
export interface LogAsk {
  readonly task: string;
  readonly attempt: number;
  readonly of: LogOf;
  /** Number of the first byte that is wanted; below zero it counts from the end. */
  readonly offset: number;
}

/** Looks at what runs have left behind, and changes nothing. Throws `Refusal` or `RaError` where there is nothing. */
export class Inspection {
  readonly #registry: Registry;
  readonly #place: Place;
  readonly #terminal: Pick<Terminal, "env">;

  constructor(registry: Registry, place: Place, terminal: Pick<Terminal, "env">) {
    this.#registry = registry;
    this.#place = place;
    this.#terminal = terminal;
  }

  /** A task with its attempts, as `ra show --json` tells it. */
  async task(run: string, id: string): Promise<object> {
    const { state, task } = await this.#named(run, id);
    return taskJson(state, task);
  }

  /** What a run, a task or one attempt changed, as `ra diff --json` tells it, cut where it is too much for a page. */
  async diff(run: string, id: string | null, attempt: number | null): Promise<object> {
    const { state, task } = await namedRun(this.#registry, id === null ? run : `${run}/${id}`);
    const access = { readOnly: true };
    const { repository, target } = await groundOf(this.#terminal, this.#place, state, access);
    const changes =
      task === null
        ? await changesOfRun(repository, state, target)
        : [await changeOfTask(repository, state, task, attempt ?? undefined)];
    let room = patchMax;
    const steps = [];
    for (const { from, to } of changes) {
      const bytes = await repository.patch(from, to, "patch");
      const shown = bytes.subarray(0, room);
      room -= shown.length;
      const patch = new TextDecoder().decode(shown);
      steps.push({ from, to, patch, bytes: bytes.length, cut: shown.length < bytes.length });
    }
    return { run: state.id, task: task?.task.id ?? null, steps };
  }

  /** Part of what an attempt, or a try of its check, printed. Where to go on is `next`. */
  async log(run: string, { task: id, attempt, of, offset }: LogAsk): Promise<object> {
    const { state, task } = await this.#named(run, id);
    const { outcome } = task.attempts[attempt - 1] ?? {};
    if (outcome === undefined) {
      throw new Refusal(404, "UNKNOWN", `\`${state.id}/${id}\` has no attempt ${attempt}`);
    }
    const directory = join(this.#place.stateDir, "runs", state.id, id);
    const path = join(directory, fileOf(attempt, of));
    const size = printedBytes(path) ?? 0;
    const isOpen = of === "output" ? outcome === null : of !== "prompt" && task.finishedAt === null;
    const tail = new LogTail(path, offset < 0 ? Math.max(0, size + offset) : offset);
    const from = tail.place;
    const pieces: Uint8Array[] = [];
    let count = 0;
    for (const piece of tail.read(isOpen)) {
      pieces.push(piece);
      count += piece.length;
      if (count >= logMax) break;
    }
    const text = new TextDecoder().decode(Buffer.concat(pieces));
    const next = tail.place;
    const place = { run: state.id, task: id, attempt };
    return {
      ...place,
      from,
      next,
      size,
      open: isOpen,
      tries: tries(directory, task, attempt),
      text,
    };
  }

  async #named(run: string, id: string): Promise<Named> {
    const { state, task } = await namedRun(this.#registry, `${run}/${id}`);
    assert(task, `a task was named, and none found: ${id}`);
    return { state, task };
  }
}

type Named = { readonly state: RunState; readonly task: NonNullable<NamedRun["task"]> };

function fileOf(attempt: number, of: LogOf): string {
  const output = `${attempt}.log`;
  if (of === "output") return output;
  return of === "prompt" ? promptPath(output) : checkLog(`${attempt}`, of.check);
}

/** How many tries of the check of an attempt have printed something. */
function tries(directory: string, { task }: Named["task"], attempt: number): number {
  let count = 0;
  while (count < task.verifyLimits.tries) {
    if (!existsSync(join(directory, checkLog(`${attempt}`, count + 1)))) break;
    count += 1;
  }
  return count;
}
