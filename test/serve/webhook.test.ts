import { expect, test } from "bun:test";
import { join } from "node:path";
import { type RefusedEvent, refusedEvents } from "../../core/registry/refused-events.ts";
import { findPlace } from "../../core/workspace/place.ts";
import webhook from "../../plugins/channel-webhook.ts";
import { me, runFinished, samplePlan, sampleTask, started } from "../registry/sample.ts";
import { openRegistry } from "../registry/temporary.ts";
import { hookSecret, hookServer } from "../support/hook-server.ts";
import { temporaryDirectory } from "../support/leftovers.ts";
import { until } from "../support/repository.ts";
import { daemonInside } from "./daemon.ts";

/** A daemon whose webhook is told of starts and ends, and the log of its repository. */
async function world() {
  const top = temporaryDirectory("ra-serve");
  const hook = hookServer();
  const start = () => {
    const events = ["run.started", "run.finished"] as const;
    const paces = { refusalsMax: 2 };
    const channel = webhook({ url: hook.url, secret: hookSecret, events, paces });
    return daemonInside({}, { channels: [channel], top });
  };
  const daemon = await start();
  const registry = await openRegistry(findPlace(join(top, "project")).stateDir);
  const whole = (run: string) =>
    registry.commit(run, () => [started(samplePlan(["a"]), me()), runFinished()]);
  const told = () => hook.got.map(({ run, type }) => `${run} ${type}`);
  return { hook, start, daemon, registry, whole, told };
}

test("events come in order, at least once, over failures and a restart of the daemon", async () => {
  const { hook, start, daemon, whole, told } = await world();

  hook.answers = 500;
  await whole("r1");
  await until(() => hook.got.length === 2, "the second try");
  hook.answers = 204;
  await until(() => told().includes("r1 run.finished"), "the first run");
  hook.answers = "never";
  await whole("r2");
  await until(() => told().includes("r2 run.started"), "the try that is broken off");
  await daemon.close();
  await whole("r3");
  hook.answers = 200;
  await start();
  await until(() => told().includes("r3 run.finished"), "what came meanwhile");

  const first = [...new Set(told())];
  expect(first).toEqual(
    ["r1", "r2", "r3"].flatMap((run) => [`${run} run.started`, `${run} run.finished`]),
  );
  expect(told().filter((one) => one === "r2 run.started")).toHaveLength(2);
  expect(told().filter((one) => one.startsWith("r3"))).toHaveLength(2);
  expect(hook.unsigned).toBe(0);
  expect(daemon.troubles.map(String)).toEqual([
    expect.stringContaining("channel `webhook`: 127.0.0.1"),
  ]);
});

test("values of variables whose names look secret do not leave", async () => {
  const { hook, registry } = await world();
  const env = { DEPLOY_TOKEN: "tell-nobody", STAGE: "test" };

  await registry.commit("r1", () => [started(samplePlan([sampleTask("a", { env })]), me())]);
  await until(() => hook.got.length === 1, "the event");

  expect(JSON.stringify(hook.got)).not.toContain("tell-nobody");
  expect(hook.got[0]).toMatchObject({
    plan: { tasks: [{ env: { DEPLOY_TOKEN: "***", STAGE: "test" } }] },
  });
});

test("an event that is refused for good is put aside and noted before the next one is sent", async () => {
  const { hook, daemon, registry, whole, told } = await world();
  let noted: readonly RefusedEvent[] = [];
  hook.answers = ({ run, type }) => {
    if (run === "r1" && type === "run.started") return 422;
    if (run === "r1") noted = refusedEvents(registry.database, 10);
    return 204;
  };

  await whole("r1");
  await whole("r2");
  await until(() => told().includes("r2 run.finished"), "the last event");
  let metrics = "";
  await until(async () => {
    metrics = await (await daemon.ask("/metrics")).text();
    return metrics.includes('ra_channel_behind{channel="webhook"} 0\n');
  }, "the note of how far it is");

  const refused = "r1 run.started";
  expect(told()).toEqual([
    ...[refused, refused, "r1 run.finished", "r2 run.started", "r2 run.finished"],
  ]);
  expect(noted).toMatchObject([
    { channel: "webhook", seq: 1, type: "run.started", status: 422, end: "aside" },
  ]);
  expect(daemon.troubles.map(String).at(-1)).toContain("it is put aside");
  expect(metrics).toContain('ra_channel_misses_total{channel="webhook",end="aside"} 1\n');
});
