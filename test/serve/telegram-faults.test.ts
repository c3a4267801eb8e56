import { expect, test } from "bun:test";
import { botToken } from "../support/bot-server.ts";
import { until } from "../support/repository.ts";
import { ada, asks, settled, withBot } from "./telegram.ts";

test("rest that the Bot API asks for is kept, and what was to be said comes after it", async () => {
  const { bot, begin, commit } = await withBot();
  bot.fail("sendMessage", { code: 429, description: "Too Many Requests", retryAfter: 1 });
  await begin("r1");
  await commit("r1", asks("gate2345", "push"));

  await bot.message(({ text }) => text.includes("asks:"), "the question");

  const [first, ...others] = bot.calls.map(({ atMs }) => atMs);
  expect(Math.min(...others) - (first ?? 0)).toBeGreaterThanOrEqual(990);
});

test("another reader is told once, cut lines are taken up, and nothing sent meanwhile is lost or done twice", async () => {
  const { bot, daemon } = await withBot();
  const conflict = { code: 409, description: "Conflict: terminated by other getUpdates request" };
  bot.fail("getUpdates", conflict, conflict, "cut", "cut-late", "garbage", {
    ...{ code: 502, description: "Bad Gateway" },
  });

  for (let i = 0; i < 10; i++) bot.say(ada, "/run nothing");
  await until(() => bot.messages.length === 10, "ten answers");
  bot.fail("answerCallbackQuery", "cut");
  bot.fail("getUpdates", "cut-late");
  for (const one of [...bot.messages]) bot.press(ada, one, "Execute");
  await settled(bot);

  expect(bot.made("sendMessage")).toHaveLength(10);
  const told = daemon.troubles.map(String);
  expect(told.filter((one) => one.includes("another program reads"))).toHaveLength(1);
  expect(told.join()).not.toContain(botToken);
  expect((await daemon.left()).requests).toHaveLength(10);
});

test("after a restart it goes on with the messages there are, and tells what happened meanwhile", async () => {
  const first = await withBot();
  const { bot, top, begin, commit } = first;
  await begin("r1");
  await commit("r1", asks("gate2345", "push"));
  const board = await bot.message(({ text }) => text.includes("! a"), "the run");
  const question = await bot.message(({ text }) => text.includes("asks:"), "the question");
  await first.daemon.close();
  await commit("r1", {
    ...{ type: "question.answered", task: "a", attempt: 1, gate: "gate2345" },
    ...{ answer: "once", by: "ra answer" },
  });
  bot.say(ada, "/ps");

  await withBot({}, { top, server: bot });
  await until(() => question.text.includes("by ra answer"), "who decided");
  await until(() => board.text.includes("● a"), "the run as it stands");
  const list = await bot.message(({ text }) => text.includes("running"), "the list");

  expect(list.text).toBe("● r1 checkout rewrite · 0 of 1 · running");
  expect(bot.messages).toHaveLength(3);
});

test("a chat that takes nothing, and a server that cannot be reached, hold up nobody and tell no secret", async () => {
  const { bot, daemon, begin, commit } = await withBot({ chats: [5, -77] });
  const shut = { code: 403, description: "Forbidden: bot was kicked from the group chat" };
  bot.fail("sendMessage", shut);
  await begin("r1");
  await commit("r1", asks("gate2345", "push"));

  await bot.message(({ chat, text }) => chat === -77 && text.includes("asks:"), "the other chat");
  bot.fail("sendMessage", "cut", "cut", "cut");
  await commit("r1", asks("gate6789", "pull"));
  await bot.message(({ text }) => text.includes("pull"), "the question");

  const told = daemon.troubles.map((error) => `${error} ${Bun.inspect(error)}`).join("\n");
  expect(told).toContain("takes nothing");
  expect(told).toContain("cannot be reached");
  expect(told).not.toContain(botToken.slice(5));
});
