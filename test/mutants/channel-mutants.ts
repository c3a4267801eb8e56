import { inTests, type Mutant } from "./mutant.ts";

/** Bugs of channels. */
export const channelMutants: readonly Mutant[] = [
  inTests(
    "whoever is on the list of users is let into every chat",
    "plugins/telegram/visitor.ts",
    "lists.users.includes(from.id) && lists.chats.includes(place.chat.id)",
    "lists.users.includes(from.id)",
    "test/serve/telegram.test.ts",
  ),
  inTests(
    "a button of an earlier stop lets a run go on",
    "cli/steering.ts",
    "ended !== null && ended !== endedIn(state)",
    "ended !== null && ended > endedIn(state)",
    "test/serve/telegram.test.ts",
  ),
  inTests(
    "a plan that is executed twice from a chat runs twice",
    "plugins/telegram/pressing.ts",
    "    draftKey(exchange.parts.bot.id, draft),\n",
    "    null,\n",
    "test/serve/telegram.test.ts",
  ),
  inTests(
    "messages go on while the Bot API asks for rest",
    "plugins/telegram/bot.ts",
    "this.#restUntil = performance.now() + error.waitMs;",
    "this.#restUntil = performance.now();",
    "test/serve/telegram-faults.test.ts",
  ),
];
