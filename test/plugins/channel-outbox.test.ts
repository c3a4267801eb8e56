import { expect, test } from "bun:test";
import {
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Fact } from "../../core/run/event.ts";
import outbox from "../../plugins/channel-outbox.ts";
import {
  attemptFinished,
  attemptStarted,
  runFinished,
  samplePlan,
  started,
  taskFinished,
} from "../registry/sample.ts";
import { temporaryDirectory } from "../support/leftovers.ts";
import { forever, told } from "./channel-events.ts";

interface Box {
  readonly messages: { id: string; text?: string; sent: boolean; reply_markup?: object }[];
}

const facts: readonly Fact[] = [
  started({ ...samplePlan(["1", "2"]), format: "dispatch" }),
  attemptStarted("1"),
  attemptFinished("1"),
  taskFinished("1"),
  { type: "run.paused", done: ["1"] },
];

/** An outbox in a directory of its own, and what the bot does with it. */
function world(events = told(facts)) {
  const dir = temporaryDirectory("ra-outbox");
  const file = join(dir, "wa_outbox.json");
  const channel = outbox({ file });
  const read = (): Box => JSON.parse(readFileSync(file, "utf8"));
  const write = (box: object): void => {
    writeFileSync(`${file}.tmp`, JSON.stringify(box, null, 2));
    renameSync(`${file}.tmp`, file);
  };
  return {
    ...{ dir, file, channel, read, write },
    ...events,
    all: async (): Promise<void> => {
      for (const event of events.events)
        if (channel.wants?.includes(event.type))
          await channel.deliver(event, forever, events.access);
    },
  };
}

test("writes messages as the bot reads them, each once however often it comes", async () => {
  const { dir, file, all, read } = world();

  await all();
  await all();

  const [first, ...rest] = read().messages;
  expect(first).toEqual({
    id: "ra_1",
    timestamp: "2026-11-26T10:00:00.000Z",
    from: "agent",
    text: "checkout rewrite (r7k2) has started: 2 tasks",
    sent: false,
  } as never);
  expect(rest.map(({ id, sent }) => [id, sent])).toEqual([
    ["ra_2", false],
    ["ra_4", false],
    ["ra_5", false],
  ]);
  expect(rest[1]?.text).toContain("Task 1 is done");
  expect(JSON.stringify(rest[2]?.reply_markup)).toContain("ep_continue");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readdirSync(dir)).toEqual(["wa_outbox.json"]);
});

test("leaves what others wrote, and the kind of file it is, alone", async () => {
  const { dir, file, all, read, write } = world();
  const real = join(dir, "real.json");
  write({ note: "mine", messages: [{ id: "resp_1", text: "Hello", sent: true, type: "x" }] });
  renameSync(file, real);
  symlinkSync(real, file);

  await all();

  expect(read()).toMatchObject({ note: "mine" });
  expect(read().messages[0]).toEqual({
    id: "resp_1",
    text: "Hello",
    sent: true,
    type: "x",
  } as never);
  expect(read().messages).toHaveLength(5);
  expect(readFileSync(real, "utf8")).toBe(readFileSync(file, "utf8"));
});

test("a message that the bot writes over with what it had read is written again", async () => {
  const { channel, events, access, read, write } = world();
  write({ messages: [{ id: "resp_1", sent: false }] });
  const had = read();

  const done = channel.deliver(events[0]!, forever, access);
  // Before any timer may run, and with it the second look of the channel.
  for (let turn = 0; turn < 100 && read().messages.length < 2; turn++) await null;
  expect(read().messages.map(({ id }) => id)).toEqual(["resp_1", "ra_1"]);
  had.messages[0]!.sent = true;
  write(had);
  await done;

  expect(read().messages.map(({ id, sent }) => [id, sent])).toEqual([
    ["resp_1", true],
    ["ra_1", false],
  ]);
});

test("stays bounded: what was sent goes first, then the oldest", async () => {
  const { channel, events, access, read, write } = world();
  const message = (i: number, sent: boolean) => ({ id: `m${i}`, text: "x", sent });
  write({ messages: Array.from({ length: 510 }, (_, i) => message(i, i % 100 === 50)) });

  await channel.deliver(events[0]!, forever, access);

  const { messages } = read();
  expect(messages).toHaveLength(500);
  expect(messages.filter(({ sent }) => sent)).toEqual([]);
  expect([messages[0]?.id, messages.at(-1)?.id]).toEqual(["m6", "ra_1"]);
});

for (const text of ['{"activeProject": "x"}', "half of a", "[]", '{"messages": 3}', "null"]) {
  test(`does not write over what is no outbox: ${text}`, async () => {
    const { file, channel, events, access } = world();
    writeFileSync(file, text);

    const done = channel.deliver(events[0]!, forever, access);

    expect(done).rejects.toThrow("is no outbox");
    await done.catch(() => {});
    expect(readFileSync(file, "utf8")).toBe(text);
  });
}

test("tells why a task failed and how a run ended, shortened", async () => {
  const message = "x".repeat(5_000);
  const error = { kind: "failed", message } as const;
  const end = { type: "task.finished", task: "1", status: "error", error } as unknown as Fact;
  const { all, read } = world(
    told([
      started(samplePlan(["1"])),
      attemptStarted("1"),
      attemptFinished("1"),
      { ...taskFinished("1"), ...end } as Fact,
      runFinished(),
    ]),
  );

  await all();

  const texts = read().messages.map(({ text }) => text ?? "");
  expect(texts[2]).toStartWith("Task 1 is error: failed: xxx");
  expect(texts.at(-1)).toBe("checkout rewrite (r7k2) has ended: succeeded, 0 of 1 done");
  expect(Math.max(...texts.map(({ length }) => length))).toBeLessThan(1_000);
});

test("a directory that is not there is told, and nothing is made of it", async () => {
  const dir = join(temporaryDirectory("ra-outbox"), "none");
  const { events, access } = told(facts);

  const done = outbox({ file: join(dir, "box.json") }).deliver(events[0]!, forever, access);

  expect(done).rejects.toThrow("ENOENT");
  await done.catch(() => {});
  expect(existsSync(dir)).toBe(false);
});
