import { expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { acpAgent } from "../../plugins/acp-agent.ts";
import { BotServer, botToken } from "../../support/bot-server.ts";
import { testRepository, until } from "../../support/repository.ts";
import { startDaemon, userConfig, type View } from "./daemon.ts";

const ada = { user: 5, chat: 5 };

const permission = {
  toolCall: { toolCallId: "c1", kind: "fetch", title: "Fetch https://example.com/v1" },
  options: [
    { optionId: "yes", name: "Allow", kind: "allow_once" },
    { optionId: "no", name: "Reject", kind: "reject_once" },
  ],
};

/** A repository whose user has named a plan `release`, of which one task asks, and opened a bot for it. */
async function withRelease() {
  const repository = testRepository();
  const bot = await BotServer.start();
  const { command } = acpAgent({ permission, writes: "told.txt" });
  const file = join(repository.top, "release.json");
  const tasks = [
    { id: "prepare", run: "env > env.txt; seq 10000" },
    { id: "tag", prompt: "Tag it.", runner: "acp", deps: ["prepare"], touching: ["told.txt"] },
    { id: "note", run: 'echo "$RA_PARAM_TEXT" > note.txt', deps: ["prepare"] },
  ];
  const params = { text: { type: "text", max: 40 } };
  writeFileSync(file, JSON.stringify({ version: 1, name: "release", tasks }));
  const telegram = { users: [ada.user], chats: [ada.chat], server: bot.url };
  userConfig(repository, {
    runners: { acp: { command } },
    serve: { plans: { release: { file, about: "A new version", params } }, channels: { telegram } },
  });
  repository.env.RA_TELEGRAM_TOKEN = botToken;
  return { repository, bot };
}

test("a plan is shown, executed, let on step by step, answered and landed from a chat, by those on the lists alone", async () => {
  const { repository, bot } = await withRelease();
  const daemon = await startDaemon(repository);

  bot.say({ user: 666, chat: 666 }, "/run release text=mine");
  bot.say({ user: 666, chat: ada.chat }, "/run release text=mine");
  bot.say(ada, '/run release text="from a chat"');
  const board = await bot.message(({ text }) => text.startsWith("release: A new"), "the plan");
  const plan = board.text;
  bot.press({ user: 666, chat: ada.chat }, board, "Execute");
  bot.press(ada, board, "Execute");
  bot.repeat(500);

  await until(() => board.text.includes("Next?"), "the first stop");
  const waiting = board.text;
  bot.press(ada, board, "Next");
  const question = await bot.message(({ text }) => text.includes("example.com/v1"), "the question");
  bot.press(ada, question, "Approve");
  await until(() => !question.text.includes("Until"), "who decided");
  await until(() => !board.text.includes("asks you"), "the run to go on");
  const last = (): boolean => board.buttons.length === 0 || board.text.includes("Next?");
  await until(last, "the next stop, or the end");
  if (board.buttons.length > 0) bot.press(ada, board, "Next");
  const end = await bot.message(({ text }) => text.includes("; landed on main"), "the end");
  await until(() => board.text.includes("landed on main"), "the end in the message of the run");
  const run = board.text.split(" ")[0] ?? "";
  bot.say(ada, `/log ${run}/prepare`);
  const log = await bot.message(({ file }) => file !== null, "the log");
  bot.say(ada, "/ps");
  await until(() => bot.isIdle, "all that was sent again");
  const list = await bot.message(({ text }) => text.startsWith("nothing runs"), "the list");

  expect(plan).toBe(
    "release: A new version · 3 tasks\ntext = from a chat\n   prepare\n∥ tag  Tag it.  after prepare\n∥ note  after prepare",
  );
  expect(waiting).toMatch(
    /^\w+ release · 1 of 3\n✓ prepare\n◌ tag\n◌ note\nwaits for you: Next\?$/,
  );
  expect(question.text).toMatch(/Approved: Allow\nby telegram:5 at/);
  expect(end.text).toMatch(/^\w+ release · 3 of 3\ndone; landed on main$/);
  expect(readFileSync(join(repository.dir, "note.txt"), "utf8")).toBe("from a chat\n");
  expect(existsSync(join(repository.dir, "told.txt"))).toBe(true);
  expect(readFileSync(join(repository.dir, "env.txt"), "utf8")).not.toContain(botToken);
  expect(log.file?.text).toEndWith("\n9999\n10000\n");
  expect(list.to).toBeGreaterThan(0);
  const { runs } = await daemon.json<{ runs: View[] }>("/api/runs");
  expect(runs).toMatchObject([{ id: run, status: "succeeded" }]);
  const { code, err } = await daemon.end();
  expect(code).toBe(0);
  expect(err).not.toContain(botToken);
});

/** A repository whose user has named plans that wait for their gates, one for each way in. */
async function withWays(...names: readonly string[]) {
  const repository = testRepository();
  const bot = await BotServer.start();
  const plans = names.map((name) => {
    const file = join(repository.top, `${name}.json`);
    const tasks = [{ id: name, run: `${repository.hold(name)}; echo done > ${name}.txt` }];
    writeFileSync(file, JSON.stringify({ version: 1, mode: "auto", tasks }));
    return [name, { file }] as const;
  });
  const telegram = { users: [ada.user], chats: [ada.chat], server: bot.url };
  userConfig(repository, { serve: { plans: Object.fromEntries(plans), channels: { telegram } } });
  repository.env.RA_TELEGRAM_TOKEN = botToken;
  const shown = async (name: string) => {
    bot.say(ada, `/run ${name}`);
    return await bot.message(({ text }) => text.startsWith(`${name} · 1 task`), "the plan");
  };
  return { repository, bot, shown };
}

test("requests over HTTP, WebSocket and from a chat run side by side, and all land", async () => {
  const { repository, bot, shown } = await withWays("http", "socket", "chat");
  const daemon = await startDaemon(repository);
  const board = await shown("chat");
  const socket = new WebSocket(`${daemon.url.replace("http", "ws")}/api/socket`, {
    headers: { authorization: `Bearer ${daemon.token}` },
  } as never);
  const told: { requestId: string; type: string; request?: View }[] = [];
  socket.onmessage = ({ data }) => void told.push(JSON.parse(data as string));
  await new Promise((resolve) => {
    socket.onopen = resolve;
  });

  bot.press(ada, board, "Execute (auto)");
  socket.send(JSON.stringify({ requestId: "x1", method: "dispatch", params: { plan: "socket" } }));
  const { id } = await daemon.json<View>("/api/dispatch", { plan: "http" });
  await Promise.all(["http", "socket", "chat"].map((name) => repository.arrival(name)));
  let live: { processes: { taskId: string }[] } = { processes: [] };
  await until(async () => {
    live = await daemon.json("/api/processes");
    return live.processes.length === 3;
  }, "three processes");
  for (const name of ["http", "socket", "chat"]) repository.open(name);
  const http = await daemon.settled(id);
  await until(() => told.some(({ type }) => type === "settled"), "the end of x1");
  await until(() => board.text.includes("landed on main"), "the end of the one from the chat");
  socket.close();

  expect(live.processes.map(({ taskId }) => taskId).sort()).toEqual(["chat", "http", "socket"]);
  expect(http).toMatchObject({ status: "fulfilled", name: "http" });
  expect(told.every(({ requestId }) => requestId === "x1")).toBe(true);
  expect(told.at(-1)?.request).toMatchObject({ status: "fulfilled", name: "socket" });
  expect(board.text).toMatch(/^\w+ chat · 1 of 1\n✓ chat\ndone; landed on main$/);
  // One message for each run, and one for each end.
  await until(() => bot.messages.length === 6, "all messages");
  for (const name of ["http", "socket", "chat"])
    expect(existsSync(join(repository.dir, `${name}.txt`))).toBe(true);
});

test("what was accepted from a chat outlives a kill of the daemon, and its message is taken up", async () => {
  const { repository, bot, shown } = await withWays("chat");
  const first = await startDaemon(repository);
  const board = await shown("chat");
  bot.press(ada, board, "Execute (auto)");
  bot.repeat(500);
  await repository.arrival("chat");

  await first.end("SIGKILL");
  const second = await startDaemon(repository);
  repository.open("chat");
  await until(() => board.text.includes("landed on main"), "the end");
  await until(() => bot.isIdle, "all that was sent again");

  const { runs } = await second.json<{ runs: View[] }>("/api/runs");
  expect(runs).toHaveLength(1);
  expect(bot.messages.filter(({ text }) => text.includes("✓ chat"))).toEqual([board]);
});
