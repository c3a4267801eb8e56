import { expect, test } from "bun:test";
import type { Fact } from "../../core/run/event.ts";
import { attemptFinished, attemptStarted, taskFinished } from "../registry/sample.ts";
import type { BotMessage } from "../support/bot-server.ts";
import { until } from "../support/repository.ts";
import { ada, asks, paces, settled, withBot } from "./telegram.ts";

const labels = ({ buttons }: BotMessage): string[] => buttons.map(({ text }) => text);

test("a plan is shown with its buttons, and runs once however often it is executed", async () => {
  const { bot, daemon } = await withBot();

  bot.say(ada, "/run nothing");
  const shown = await bot.message(({ text }) => text.startsWith("nothing"), "the plan");
  const before = { text: shown.text, labels: labels(shown) };
  bot.press(ada, shown, "Execute");
  bot.repeat(500);
  await until(() => bot.popUps.length > 0, "an answer");
  await bot.message(({ text }) => text.includes("waits for its turn"), "its place in the queue");
  bot.pressData(ada, shown.id, "x:a:1");
  await settled(bot);
  const waiting = labels(shown);
  bot.press(ada, shown, "Stop");
  await until(() => shown.text.startsWith("nothing · cancelled"), "its end");

  expect(before).toEqual({ text: "nothing · 1 task\n   a", labels: ["Execute", "Execute (auto)"] });
  expect(waiting).toEqual(["Stop"]);
  expect(bot.popUps).toEqual(["accepted", "it has been started before", "it is called off"]);
  const { requests, audit } = await daemon.left();
  expect(requests).toMatchObject([
    { name: "nothing", source: "telegram", sender: "telegram:5", key: "4711/5/1" },
  ]);
  expect(JSON.parse(requests[0]?.plan ?? "").mode).toBe("step-through");
  expect(audit.filter(({ source }) => source === "telegram")).toHaveLength(4);
});

/** Updates of everybody who may not ask, 10 kinds for each sender. */
function strangers(user: number): object[] {
  const [date, text] = [1_800_000_000, "/run nothing"];
  const stranger = { id: user, is_bot: false, first_name: "Ada", username: "ada" };
  const friend = { id: ada.user, is_bot: false, first_name: "Ada" };
  const own = { id: ada.chat, type: "private" };
  const group = { id: -user, type: "group" };
  const origin = { type: "user", sender_user: friend, date };
  const message = {
    message_id: 9,
    date,
    text,
    from: stranger,
    chat: { id: user, type: "private" },
  };
  const bot = { id: 4711, is_bot: true, first_name: "ra" };
  const click = { id: "1", chat_instance: "1", data: "x:a:1", from: stranger };
  const plan = { message_id: 1, date, from: bot, text: "nothing", chat: own };
  return [
    { message },
    { message: { ...message, chat: own } },
    { message: { ...message, from: friend, chat: group } },
    { message: { ...message, from: friend, chat: own, forward_origin: origin } },
    { message: { ...message, from: friend, chat: own, sender_chat: group } },
    { message: { ...message, from: { ...friend, is_bot: true }, chat: own } },
    { edited_message: { ...message, from: friend, chat: own } },
    { channel_post: { ...message, from: undefined, sender_chat: group, chat: group } },
    { callback_query: { ...click, message: plan } },
    { callback_query: { ...click, from: friend, message: { ...plan, chat: group } } },
  ];
}

test("a thousand messages of strangers come to nothing, get no answer, and each is noted", async () => {
  const { bot, daemon } = await withBot({ prompts: true }, { serve: { prompts: ["telegram"] } });

  for (let user = 1_000; user < 1_100; user++) for (const one of strangers(user)) bot.push(one);
  await settled(bot);

  expect(bot.calls).toEqual([]);
  const { requests, audit } = await daemon.left();
  expect(requests).toEqual([]);
  const rows = audit.filter(({ source }) => source === "telegram");
  expect(rows.reduce((sum, { count }) => sum + count, 0)).toBe(1_000);
  expect([...new Set(rows.map(({ status }) => status))]).toEqual([403]);
  expect(new Set(rows.map(({ refusal }) => refusal))).toEqual(
    new Set(["STRANGER", "FORWARDED", "KIND"]),
  );
});

for (const lists of [{ users: [] }, { chats: [] }, { users: [], chats: [] }]) {
  test(`an empty list is nobody: ${JSON.stringify(lists)}`, async () => {
    const { bot, daemon, begin } = await withBot(lists);

    bot.say(ada, "/ps");
    await begin("r1");
    await settled(bot);

    expect(daemon.troubles.map(String)).toEqual([expect.stringContaining("nobody may ask")]);
    const { audit } = await daemon.left();
    expect(audit).toMatchObject([{ status: 403, refusal: "STRANGER" }]);
    expect(bot.calls).toEqual([]);
  });
}

test("prompts are shut until the config opens them, and then run once they are confirmed", async () => {
  const shut = await withBot();
  const open = await withBot({ prompts: true }, { serve: { prompts: ["telegram"] } });

  shut.bot.say(ada, "Make the theme darker");
  const refused = await shut.bot.message(() => true, "a refusal");
  open.bot.say(ada, "Make the theme darker");
  const asked = await open.bot.message(() => true, "a question");
  const before = (await (await open.daemon.ask("/api/queue")).json()) as { waiting: number };
  open.bot.press(ada, asked, "Execute");
  await until(() => open.bot.popUps.length > 0, "an answer");

  expect(refused.text).toContain("named plans only");
  expect(before.waiting).toBe(0);
  expect((await shut.daemon.left()).requests).toEqual([]);
  expect((await open.daemon.left()).requests).toMatchObject([{ name: "Make the theme darker" }]);
});

test("a question is shown with its options, and the first answer from here counts", async () => {
  const { bot, begin, commit, registry } = await withBot();
  await begin("r1");

  await commit("r1", asks("gate2345", "git push origin main"));
  const shown = await bot.message(({ text }) => text.startsWith("r1/a asks"), "the question");
  const [before, had] = [shown.text, labels(shown)];
  bot.press(ada, shown, "Approve");
  await until(() => shown.buttons.length === 0, "an end of the question");
  bot.pressData(ada, shown.id, "q:r1:gate2345:2");
  await until(() => bot.popUps.length === 2, "an answer to the second");

  expect(before).toBe(
    "r1/a asks:\ngit push origin main\nUntil 09:30 UTC, also by ra answer gate2345",
  );
  expect(had).toEqual(["Approve", "Always (from now on)", "Deny"]);
  const [question] = (await registry.state("r1"))?.tasks.get("a")?.attempts[0]?.questions ?? [];
  expect(question?.end).toMatchObject({ kind: "answered", answer: "once", by: "telegram:5" });
  expect(shown.text).toMatch(
    /^r1\/a asks:\ngit push origin main\nApproved: Yes, go\nby telegram:5 at \d\d:\d\d UTC$/,
  );
  expect(bot.popUps[0]).toBe("Yes, go");
  expect(bot.popUps[1]).toContain("was answered at");
});

test("a question that was answered elsewhere, or taken back, says who decided in every chat", async () => {
  const { bot, begin, commit } = await withBot({ chats: [5, -77] });
  await begin("r1");
  const of = { task: "a", attempt: 1 };

  await commit("r1", asks("gate2345", "push"), asks("gate6789", "pull"));
  await until(() => bot.messages.filter(({ text }) => text.includes("asks:")).length === 4, "4");
  await commit("r1", {
    ...{ type: "question.answered", ...of, gate: "gate2345", answer: "no", by: "ada" },
  });
  await commit("r1", { type: "question.withdrawn", ...of, gate: "gate6789", reason: "unanswered" });
  const shown = bot.messages.filter(({ text }) => text.includes("asks:"));
  await until(() => shown.every(({ buttons }) => buttons.length === 0), "an end of all");

  expect(shown.map(({ chat }) => chat).sort()).toEqual([-77, -77, 5, 5]);
  expect(shown.filter(({ text }) => /Denied: No\nby ada at/.test(text))).toHaveLength(2);
  expect(shown.filter(({ text }) => /Taken back .*: nobody answered/.test(text))).toHaveLength(2);
});

test("a question without options is answered by an answer to its message", async () => {
  const { bot, begin, commit, registry } = await withBot();
  await begin("r1");
  await commit("r1", asks("gate2345", "Which port?", []));
  const shown = await bot.message(({ text }) => text.includes("Which port?"), "the question");

  bot.say(ada, "8080", { reply_to_message: { message_id: shown.id } });
  await until(() => shown.text.includes("Answered: 8080"), "the answer");

  const [question] = (await registry.state("r1"))?.tasks.get("a")?.attempts[0]?.questions ?? [];
  expect(question?.end).toMatchObject({ answer: "8080", by: "telegram:5" });
});

test("what agents say is quoted, clean and cut, and no markup is read in it", async () => {
  const { bot, begin, commit } = await withBot();
  await begin("r1");
  const hostile = `<b>*_[a](tg://user?id=1)\u202e\u001b[2J\u0000 /stop r1 @ada\n${"😀".repeat(5_000)}`;

  await commit("r1", asks("gate2345", hostile));
  const shown = await bot.message(({ text }) => text.includes("tg://"), "the question");

  expect(shown.text).toStartWith("r1/a asks:\n<b>*_[a](tg://user?id=1) /stop r1 @ada\n😀");
  expect(shown.text.length).toBeLessThanOrEqual(4_096);
  expect(shown.text.isWellFormed()).toBe(true);
  expect(shown.entities).toMatchObject([{ type: "pre", offset: 11 }]);
  expect(shown.text).toEndWith("ra answer gate2345");
  expect(bot.calls.filter(({ params }) => "parse_mode" in params)).toEqual([]);
});

test("a run has one message, which is written anew at a pace, and marks what runs side by side", async () => {
  const { bot, begin, commit } = await withBot({ paces: { ...paces, editMs: 150 } });
  await begin("r1", ["a", "b", "c"]);
  await bot.message(({ text }) => text.includes("● a"), "the run");

  await commit("r1", attemptStarted("b"));
  for (let i = 0; i < 20; i++) await commit("r1", asks(`gate23${10 + i}`, "push"));
  const board = await bot.message(({ text }) => text.includes("∥"), "two at work");
  await until(() => board.text.includes("! a  asks you"), "what it waits for");
  const text = board.text;

  const edits = bot.made("editMessageText").map(({ atMs }) => atMs);
  const [sent] = bot.made("sendMessage");
  const gaps = edits.map((at, i) => at - (edits[i - 1] ?? sent?.atMs ?? 0));
  expect(text).toBe("r1 checkout rewrite · 0 of 3\n∥ ! a  asks you\n∥ ● b\n◌ c");
  expect(bot.messages.filter(({ text: one }) => one.startsWith("r1 checkout"))).toEqual([board]);
  expect(board.silent).toBe(true);
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(140);
});

test("Next lets a run go on from where it was seen to wait, and from nowhere else", async () => {
  const { bot, begin, commit, registry } = await withBot();
  await begin("r1", ["a", "b", "c"]);
  const done = (task: string): Fact[] => [
    attemptFinished(task),
    taskFinished(task),
    { type: "run.paused", done: [task] },
  ];
  await commit("r1", ...done("a"));
  const board = await bot.message(({ text }) => text.includes("Next?"), "a run that waits");
  expect(labels(board)).toEqual(["Next", "Stop"]);

  bot.press(ada, board, "Next");
  await until(() => bot.popUps.length === 1, "an answer");
  await commit("r1", { type: "run.continued", by: "telegram:5" }, attemptStarted("b"));
  await commit("r1", ...done("b"));
  bot.pressData(ada, board.id, "n:r1:1");
  await until(() => bot.popUps.length === 2, "an answer to the old button");

  const state = await registry.state("r1");
  expect(bot.popUps).toEqual(["it goes on", expect.stringContaining("has gone on since")]);
  expect(state?.requests).toEqual([]);
  expect(state?.status).toBe("paused");
});

test("a conflict is told with its paths, and with all of them as a file", async () => {
  const { bot, begin, commit } = await withBot();
  await begin("r1", ["a", "b"]);
  const paths = Array.from({ length: 50 }, (_, i) => `src/file-${i}.ts`);

  await commit("r1", attemptFinished("a"), {
    ...{ type: "merge.finished", task: "a", attempt: 1, warnings: [] },
    landing: { kind: "conflicted", paths, with: ["b"] },
  });
  const file = await bot.message((one) => one.file !== null, "the file");
  const told = await bot.message(({ text }) => text.includes("conflicts"), "the conflict");

  expect(told.text).toStartWith("r1/a conflicts with b in\nsrc/file-0.ts\n");
  expect(told.text).toEndWith("\nand 20 more");
  expect(told.silent).toBe(false);
  expect(file.file).toEqual({ name: "r1-a-conflict.txt", text: `${paths.join("\n")}\n` });
});
