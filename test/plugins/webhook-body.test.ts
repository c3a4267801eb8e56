import { expect, test } from "bun:test";
import type { Event } from "../../core/plugin/index.ts";
import { bodyMax, bodyOf } from "../../plugins/webhook/body.ts";
import { samplePlan, sampleTask, started } from "../registry/sample.ts";
import { told } from "./channel-events.ts";

/** The start of a run whose tasks have these prompts, as a receiver reads it. */
function sent(prompts: readonly string[]) {
  const tasks = prompts.map((prompt, i) =>
    sampleTask(`t${i}`, { work: { kind: "prompt", prompt } }),
  );
  const event = told([started(samplePlan(tasks))]).events[0] as Event;
  const body = bodyOf(event);
  expect(Buffer.byteLength(body)).toBeLessThanOrEqual(bodyMax);
  return { event, body, read: JSON.parse(body) };
}

test("an event that is small enough is sent as it is", () => {
  const { event, body } = sent(["x".repeat(50_000)]);

  expect(body).toBe(JSON.stringify(event));
});

test("long texts of an event that is too large are cut, and say how much is missing", () => {
  const { read } = sent(["x".repeat(1_000_000), "short"]);

  expect(read.truncated).toEqual({ texts: 4_096, fields: [] });
  expect(read.plan.tasks[0].work.prompt).toBe(
    `${"x".repeat(4_096)} [995904 more characters left out]`,
  );
  expect(read.plan.tasks[1].work.prompt).toBe("short");
});

test("more texts are cut shorter, and no character in the middle", () => {
  const { read } = sent(
    Array.from({ length: 30 }, () => `${"x".repeat(511)}${"\u{1f600}".repeat(5_000)}`),
  );

  expect(read.truncated.texts).toBe(512);
  expect(read.plan.tasks[0].work.prompt).toBe(
    `${"x".repeat(511)} [10000 more characters left out]`,
  );
});

test("what is too large all the same is left out and named; the event still tells what it is", () => {
  const { event, read } = sent(Array.from({ length: 1_000 }, () => "x".repeat(300)));

  expect(read.truncated.fields).toEqual(["plan"]);
  expect(read).toMatchObject({ v: 1, seq: event.seq, run: event.run, type: "run.started" });
});

test("characters of several bytes count as what they take up", () => {
  const { read } = sent(["\u20ac".repeat(30_000)]);

  expect(read.truncated.texts).toBe(4_096);
});
