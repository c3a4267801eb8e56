import { expect, test } from "bun:test";
import { QuestionDesk } from "../../core/dispatch/question-desk.ts";
import type { Question } from "../../core/plugin/index.ts";
import { createRedactor } from "../../core/secret/redactor.ts";
import { attemptStarted, samplePlan, started } from "../registry/sample.ts";
import { MemoryLog } from "../support/memory-log.ts";
import { ManualClock } from "../support/rig.ts";

const asker = { task: "a", attempt: 1 };
const question: Question = {
  text: "Edit\n`/etc/x`",
  options: [
    { id: "allow", label: "Allow", effect: "allow" },
    { id: "always", label: "Always", effect: "allow", lasts: true },
    { id: "deny", label: "Deny", effect: "refuse" },
  ],
};

async function deskOf(waitMs: number, secrets: readonly string[] = []) {
  const log = new MemoryLog();
  const clock = new ManualClock();
  log.now = () => clock.now();
  await log.commit("r1", () => [started(samplePlan(["a"])), attemptStarted("a")]);
  const redactor = createRedactor(secrets);
  const desk = new QuestionDesk({ run: "r1", log, clock, waitMs, redactor });
  const status = async () => (await log.state("r1"))?.tasks.get("a")?.status;
  const answer = async (said: string) => {
    const gate = log.ofType("question.asked").at(-1)?.gate ?? "";
    await log.commit("r1", () => [
      { type: "question.answered", ...asker, gate, answer: said, by: "ann" },
    ]);
  };
  return { log, clock, desk, status, answer };
}

test("records the question, and gives the answer that is recorded", async () => {
  const { log, clock, desk, status, answer } = await deskOf(60_000);

  const asking = desk.ask(asker, question, new AbortController().signal);
  const waiting = await status();
  await answer("always");

  expect(await asking).toBe("always");
  expect([waiting, await status()]).toEqual(["needs-you", "running"]);
  expect(log.ofType("question.asked")).toMatchObject([
    {
      gate: expect.stringMatching(/^[a-z][a-z2-9]{7}$/),
      text: "Edit `/etc/x`",
      options: question.options,
      until: new Date(clock.now() + 60_000).toISOString(),
    },
  ]);
  expect(log.ofType("question.withdrawn")).toEqual([]);
});

test("takes the question back when the time is up", async () => {
  const { log, clock, desk, status } = await deskOf(60_000);

  const asking = desk.ask(asker, question, new AbortController().signal);
  await status();
  clock.advance(60_000);

  expect(await asking).toBeNull();
  expect(log.ofType("question.withdrawn")).toMatchObject([{ reason: "unanswered" }]);
  expect(await status()).toBe("running");
});

test("takes the question back when its attempt ends", async () => {
  const { log, desk, status } = await deskOf(60_000);
  const attempt = new AbortController();

  const asking = desk.ask(asker, question, attempt.signal);
  await status();
  attempt.abort();

  expect(await asking).toBeNull();
  expect(log.ofType("question.withdrawn")).toMatchObject([{ reason: "ended" }]);
});

test("an answer that was recorded before the time was up counts", async () => {
  const { log, clock, desk, status } = await deskOf(60_000);
  const asking = desk.ask(asker, question, new AbortController().signal);
  await status();
  const gate = log.ofType("question.asked")[0]?.gate ?? "";

  clock.advance(60_000);
  await log.commit("r1", () => [
    { type: "question.answered", ...asker, gate, answer: "deny", by: "ann" },
  ]);

  expect(await asking).toBe("deny");
  expect(log.ofType("question.withdrawn")).toEqual([]);
});

test("records that nobody is there, and waits for nobody", async () => {
  const { log, desk } = await deskOf(0);

  const answer = await desk.ask(asker, question, new AbortController().signal);

  expect(answer).toBeNull();
  expect(log.ofType("question.asked")).toHaveLength(1);
  expect(log.ofType("question.withdrawn")).toMatchObject([{ reason: "unanswered" }]);
});

test("offers options under words that can be typed, and gives the agent's own back", async () => {
  const { log, desk, status, answer } = await deskOf(60_000);
  const ids = ["proceed once; rm -rf", "\u001b[31mno"];
  const options = ids.map((id) => ({ id, label: `Label ${id}`, effect: "allow" as const }));

  const asking = desk.ask(asker, { text: "?", options }, new AbortController().signal);
  await status();
  await answer("2");

  expect(await asking).toBe("\u001b[31mno");
  expect(log.ofType("question.asked")[0]?.options).toEqual([
    { id: "1", label: "Label proceed once; rm -rf", effect: "allow" },
    { id: "2", label: "Label no", effect: "allow" },
  ]);
});

test("keeps no secret, no escape and no flood of text", async () => {
  const { log, desk } = await deskOf(0, ["hunter2hunter2"]);
  const text = `post hunter2hunter2 \u001b[2Jto ${"x".repeat(5_000)}`;

  await desk.ask(asker, { text, options: [] }, new AbortController().signal);

  const recorded = log.ofType("question.asked")[0]?.text ?? "";
  expect(recorded).toStartWith("post *** to xxx");
  expect(recorded).toHaveLength(1_000);
  expect(recorded).toEndWith("…");
});

test("cuts a flood of characters of two units each as well", async () => {
  const { log, desk } = await deskOf(0);

  await desk.ask(asker, { text: "😀".repeat(5_000), options: [] }, new AbortController().signal);

  expect([...(log.ofType("question.asked")[0]?.text ?? "")]).toHaveLength(1_000);
});

test("passes a text on as it is where there are no options", async () => {
  const { desk, status, answer } = await deskOf(60_000);

  const asking = desk.ask(
    asker,
    { text: "Which port?", options: [] },
    new AbortController().signal,
  );
  await status();
  await answer("8080, and 8081");

  expect(await asking).toBe("8080, and 8081");
});
