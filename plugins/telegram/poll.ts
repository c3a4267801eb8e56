import type { Update } from "grammy/types";
import { type Bot, type BotError, pause } from "./bot.ts";

/** Waits of the poll, in milliseconds: after a first failure, the longest, and while another program reads the updates. */
export interface PollWaits {
  readonly firstMs: number;
  readonly longestMs: number;
  readonly conflictMs: number;
}

/**
 * What people send, in order, until the signal aborts. An update is confirmed when the next one is asked for: what was not done then
 * comes again. Trouble is told once for each time that it begins.
 */
export async function* poll(
  bot: Bot,
  waits: PollWaits,
  tell: (message: string) => void,
  signal: AbortSignal,
): AsyncGenerator<Update> {
  let offset: number | null = null;
  let wait = waits.firstMs;
  let told: BotError["kind"] | null = null;
  while (!signal.aborted) {
    let updates: readonly Update[];
    try {
      updates = await bot.updates(offset, signal);
    } catch (error) {
      if (signal.aborted) return;
      const { kind, message, waitMs } = error as BotError;
      if (kind !== told && kind !== "rest") tell(message);
      told = kind;
      const rest = { rest: waitMs, conflict: waits.conflictMs }[kind as string] ?? wait;
      await pause(rest, signal).catch(() => {});
      wait = Math.min(2 * wait, waits.longestMs);
      continue;
    }
    wait = waits.firstMs;
    told = null;
    for (const update of updates) {
      yield update;
      offset = update.update_id + 1;
    }
  }
}
