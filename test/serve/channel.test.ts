import { expect, test } from "bun:test";
import { join } from "node:path";
import type {
  Channel,
  ChannelAsk,
  ChannelReply,
  ChannelRequest,
} from "../../core/plugin/channel.ts";
import type { Event } from "../../core/run/event.ts";
import { findPlace } from "../../core/workspace/place.ts";
import { me, runFinished, samplePlan, started } from "../registry/sample.ts";
import { openRegistry } from "../registry/temporary.ts";
import { temporaryDirectory } from "../support/leftovers.ts";
import { until } from "../support/repository.ts";
import { daemonInside } from "./daemon.ts";

/** A channel whose people are the test. */
class FakeChannel implements Channel {
  readonly name = "fake";
  readonly wants?: readonly Event["type"][];
  readonly delivered: string[] = [];
  readonly replies: ChannelReply[] = [];
  /** Events that it may take before it throws. */
  patience = Number.POSITIVE_INFINITY;
  hangs = false;
  #waiting: ChannelRequest[] = [];
  #wake = (): void => {};

  constructor(wants?: readonly Event["type"][]) {
    if (wants !== undefined) this.wants = wants;
  }

  async deliver(event: Event): Promise<void> {
    if (this.hangs) await new Promise(() => {});
    if (this.patience <= 0) throw new Error("the line is down");
    this.patience -= 1;
    this.delivered.push(`${event.run} ${event.type}`);
  }

  ask(key: string, ask: ChannelAsk, conversation: string | null = null): void {
    const reply = async (said: ChannelReply): Promise<void> => void this.replies.push(said);
    this.#waiting.push({ key, sender: "ada", conversation, ask, reply });
    this.#wake();
  }

  async *requests(signal: AbortSignal): AsyncIterable<ChannelRequest> {
    signal.addEventListener("abort", () => this.#wake());
    while (!signal.aborted) {
      yield* this.#waiting.splice(0);
      if (this.#waiting.length > 0) continue;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

const registryOf = (top: string) => openRegistry(findPlace(join(top, "project")).stateDir);

test("gives a channel what it wants in order, goes on behind a failure, and after a restart", async () => {
  const top = temporaryDirectory("ra-serve");
  const channel = new FakeChannel(["run.started", "run.finished"]);
  const first = await daemonInside({}, { channels: [channel], top });
  const registry = await registryOf(top);
  const whole = async (run: string): Promise<void> => {
    await registry.commit(run, () => [started(samplePlan(["a"]), me()), runFinished()]);
  };

  channel.patience = 1;
  await whole("r1");
  await until(() => first.troubles.length === 1, "the failure");
  channel.patience = Number.POSITIVE_INFINITY;
  await until(() => channel.delivered.length === 2, "the second try");
  await first.close();
  await whole("r2");
  const second = await daemonInside({}, { channels: [channel], top });
  await until(() => channel.delivered.length === 4, "what came meanwhile");

  expect(channel.delivered).toEqual([
    ...["r1 run.started", "r1 run.finished", "r2 run.started", "r2 run.finished"],
  ]);
  expect(String(first.troubles[0])).toContain("channel `fake`: the line is down");
  expect(second.troubles).toEqual([]);
});

test("a channel that is new is not told of the past", async () => {
  const top = temporaryDirectory("ra-serve");
  await (await daemonInside({}, { top })).close();
  const registry = await registryOf(top);
  await registry.commit("old", () => [started(samplePlan(["a"]), me())]);
  const channel = new FakeChannel();
  await daemonInside({}, { channels: [channel], top });

  await until(async () => {
    await registry.commit("new", ({ state }) =>
      state === undefined ? [started(samplePlan(["a"]), me())] : [],
    );
    return channel.delivered.length > 0;
  }, "an event");

  expect(channel.delivered).toEqual(["new run.started"]);
});

test("a channel that hangs holds up neither the gateway nor its end", async () => {
  const top = temporaryDirectory("ra-serve");
  const channel = new FakeChannel();
  channel.hangs = true;
  const daemon = await daemonInside({}, { channels: [channel], top });
  await (await registryOf(top)).commit("r1", () => [started(samplePlan(["a"]), me())]);

  const answer = await daemon.post("/api/dispatch", { plan: "nothing" });
  await daemon.close();

  expect(answer.status).toBe(202);
  expect(channel.delivered).toEqual([]);
});

test("takes what people ask by a channel, each message once, and tells them what is refused", async () => {
  const channel = new FakeChannel();
  const daemon = await daemonInside({ prompts: ["http"] }, { channels: [channel] });

  for (let i = 0; i < 3; i++) channel.ask("7", { kind: "plan", plan: "nothing" }, "chat");
  channel.ask("8", { kind: "prompt", prompt: "Do it" });
  channel.ask("9", { kind: "plan", plan: "other" });
  channel.ask("10", { kind: "stop", run: "abcd" });
  channel.ask("11", { kind: "look", at: "queue" });
  await until(() => channel.replies.length === 7, "all replies");

  const results = channel.replies.map((said) => (said.ok ? said.result : said.code));
  expect(results[0]).toMatchObject({ source: "fake", sender: "ada", conversation: "chat" });
  expect(results.slice(1, 3)).toEqual(Array(2).fill(results[0]));
  expect(results.slice(3, 6)).toEqual(["PROMPTS_CLOSED", "PLAN_UNKNOWN", "RUN_UNKNOWN"]);
  expect(results[6]).toMatchObject({ waiting: 1 });
  const { audit, requests } = await daemon.left();
  expect(requests).toHaveLength(1);
  expect(
    audit.filter(({ source }) => source === "fake").reduce((n, { count }) => n + count, 0),
  ).toBe(7);
});
