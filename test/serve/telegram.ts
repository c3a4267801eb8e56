import { join } from "node:path";
import type { ServeSettings } from "../../cli/serve-config.ts";
import type { Event, Fact } from "../../core/run/event.ts";
import type { Option } from "../../core/run/question.ts";
import { findPlace } from "../../core/workspace/place.ts";
import telegram, { type TelegramSettings } from "../../plugins/channel-telegram.ts";
import { attemptStarted, me, samplePlan, started } from "../registry/sample.ts";
import { openRegistry } from "../registry/temporary.ts";
import { BotServer, botToken } from "../support/bot-server.ts";
import { temporaryDirectory } from "../support/leftovers.ts";
import { until } from "../support/repository.ts";
import { daemonInside } from "./daemon.ts";

/** On both lists, in a chat of her own. */
export const ada = { user: 5, chat: 5 };

/** Short waits, so that a test sees many. */
export const paces = { editMs: 60, firstMs: 5, longestMs: 20, conflictMs: 40 };

/** A daemon whose requests wait, with a bot in it that talks to the test's own Bot API. */
export async function withBot(
  settings: Partial<TelegramSettings> = {},
  {
    serve = {},
    top = temporaryDirectory("ra-telegram"),
    server,
  }: { serve?: Partial<ServeSettings>; top?: string; server?: BotServer } = {},
) {
  const bot = server ?? (await BotServer.start());
  const channel = telegram({
    ...{ token: botToken, users: [ada.user], chats: [ada.chat], server: bot.url },
    ...{ prompts: false, paces, ...settings },
  });
  const daemon = await daemonInside(serve, { channels: [channel], top });
  const registry = await openRegistry(findPlace(join(top, "project")).stateDir);
  const commit = (run: string, ...facts: readonly Fact[]): Promise<readonly Event[]> =>
    registry.commit(run, () => facts);
  /** A run of these tasks of which the first is at work. */
  const begin = (run: string, tasks: readonly string[] = ["a"]): Promise<readonly Event[]> =>
    commit(run, started(samplePlan(tasks), me()), attemptStarted(tasks[0] ?? "a"));
  return { bot, daemon, registry, commit, begin, top };
}

/** Waits until everything that was sent was taken, and done. */
export async function settled(bot: BotServer): Promise<void> {
  await until(() => bot.isIdle, "an end of the updates");
}

/** What may be answered. */
export const options = [
  { id: "once", label: "Yes, go", effect: "allow" },
  { id: "always", label: "Always", effect: "allow", lasts: true },
  { id: "no", label: "No", effect: "refuse" },
] as const;

/** The fact that task `a` asks. */
export function asks(gate: string, text: string, offered: readonly Option[] = options): Fact {
  const until = "2100-01-01T09:30:00.000Z";
  return { type: "question.asked", task: "a", attempt: 1, gate, text, options: offered, until };
}
