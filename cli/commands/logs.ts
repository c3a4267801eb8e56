import { join } from "node:path";
import { assert } from "../../core/assert.ts";
import { ExitCode } from "../../core/error.ts";
import { block } from "../../core/plain-text.ts";
import { isAttended } from "../../core/process/living.ts";
import { findRun } from "../../core/registry/find-run.ts";
import type { Registry } from "../../core/registry/registry.ts";
import type { Event } from "../../core/run/event.ts";
import type { RunState } from "../../core/run/state.ts";
import { findPlace } from "../../core/workspace/place.ts";
import { demandTask, splitAddress } from "../address.ts";
import type { CommandBody, Terminal } from "../command.ts";
import { eventLine } from "../event-line.ts";
import { LogTail } from "../log-tail.ts";
import { flag, integer } from "../option.ts";
import { demandRecorded } from "../recorded.ts";
import { say } from "../say.ts";
import { logsOf, type WantedLogs } from "../task-logs.ts";
import { usageError } from "../usage.ts";

/** How often `-f` looks for more, in milliseconds. */
const lookMs = 200;

/** `ra logs RUN[/TASK]`: what the programs of a run printed, or its events with `--json`. */
export const run: CommandBody = async ({ terminal, args, options }) => {
  const place = findPlace(terminal.cwd);
  const address = splitAddress(args[0] ?? "");
  await using registry = await demandRecorded(place);
  const id = findRun(registry.database, address.run);
  const wanted: Wanted = {
    id,
    task: address.task,
    attempt: integer(options, "attempt", { min: 1, max: 1_000_000 }),
    logs: join(place.stateDir, "runs", id),
    follow: flag(options, "follow"),
  };
  const state = await registry.state(id);
  assert(state, `run ${id} is listed, but has no events`);
  refuseUnknown(state, wanted);
  if (flag(options, "json")) {
    await printEvents(terminal, registry, wanted);
    return ExitCode.ok;
  }
  tellDiscarded(terminal, state, wanted);
  await printOutputs(terminal, registry, wanted);
  return ExitCode.ok;
};

/** What is asked for by name must be there, or come while it is followed. */
function refuseUnknown(state: RunState, { task, attempt, follow }: Wanted): void {
  if (task === null) return;
  const { attempts } = demandTask(state, task);
  if (attempt === undefined || attempt <= attempts.length || (follow && !isOver(state))) return;
  throw usageError(
    `task \`${task}\` of run \`${state.id}\` has no attempt ${attempt}`,
    `see its attempts with \`ra show ${state.id}/${task}\``,
  );
}

/** Nothing is printed for what is gone, and a person should know why. */
function tellDiscarded(terminal: Terminal, state: RunState, wanted: Wanted): void {
  const { logsRemovedAt } = state;
  if (logsRemovedAt !== null) {
    say(
      terminal,
      `the logs of ${state.id} were removed by the cap \`logs.total\` on ${logsRemovedAt}`,
    );
  }
  for (const { task, discarded } of state.tasks.values()) {
    if (!discarded || (wanted.task !== null && wanted.task !== task.id)) continue;
    const name = `${state.id}/${task.id}`;
    say(terminal, `the logs of ${name} were discarded by ra clean at ${discarded.at}`);
  }
}

/** True when nothing more will come: the run has ended, or the `ra` that drove it is gone. */
function isOver(state: RunState): boolean {
  return state.finishedAt !== null || !isAttended(state.owner);
}

async function printEvents(terminal: Terminal, registry: Registry, wanted: Wanted): Promise<void> {
  let after = 0;
  for (;;) {
    const state = await registry.state(wanted.id);
    for (const event of await registry.read(wanted.id, after)) {
      after = event.seq;
      if (isWanted(event, wanted)) terminal.out(eventLine(event));
    }
    const isLast = state === undefined || isOver(state);
    if (!wanted.follow || isLast || terminal.outputClosed?.aborted) return;
    await Bun.sleep(lookMs);
  }
}

function isWanted(event: Event, { task, attempt }: Wanted): boolean {
  if (task !== null && !("task" in event && event.task === task)) return false;
  return attempt === undefined || ("attempt" in event && event.attempt === attempt);
}

interface Wanted extends WantedLogs {
  readonly id: string;
  readonly follow: boolean;
}

async function printOutputs(terminal: Terminal, registry: Registry, wanted: Wanted): Promise<void> {
  const tails = new Map<string, LogTail>();
  // The bytes of one task go out as they are, so that only a line beside them can tell whose they are.
  let last: string | null = null;
  for (;;) {
    const state = await registry.state(wanted.id);
    if (state === undefined) return;
    const isLast = !wanted.follow || isOver(state);
    for (const { title, path, isOpen } of logsOf(state, wanted, tails)) {
      const tail = tails.get(path) ?? new LogTail(path);
      tails.set(path, tail);
      for (const bytes of tail.read(isOpen && !isLast)) {
        if (bytes.length === 0) continue;
        if (wanted.task !== null && title !== last && last !== null) {
          say(terminal, `what follows is of ${title}`);
        }
        last = title;
        print(terminal, wanted.task === null ? title : null, bytes);
      }
    }
    if (isLast || terminal.outputClosed?.aborted) return;
    await Bun.sleep(lookMs);
  }
}

/** A terminal gets only what it cannot obey; a file or another program gets every byte. */
function print(terminal: Terminal, title: string | null, bytes: Uint8Array): void {
  if (terminal.outputIsTerminal || !terminal.bytes) {
    const text = block(new TextDecoder().decode(bytes));
    if (text !== "") terminal.out(title === null ? text : prefixed(title, text));
    return;
  }
  // Latin-1 has a character for every byte, so lines can be cut without a loss.
  const lines = Buffer.from(bytes).toString("latin1");
  terminal.bytes(title === null ? bytes : Buffer.from(prefixed(title, lines), "latin1"));
}

function prefixed(title: string, text: string): string {
  const lines = text.replace(/\n$/, "").split("\n");
  return lines.map((line) => `${title} | ${line}\n`).join("");
}
