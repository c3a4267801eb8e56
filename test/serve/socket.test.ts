import { expect, test } from "bun:test";
import { findPlace } from "../../core/workspace/place.ts";
import { attemptStarted, samplePlan, started } from "../registry/sample.ts";
import { openRegistry } from "../registry/temporary.ts";
import { until } from "../support/repository.ts";
import { daemonInside } from "./daemon.ts";

interface Told {
  readonly requestId: string | null;
  readonly type: string;
  readonly result?: Record<string, unknown>;
  readonly request?: Record<string, unknown>;
  readonly event?: { readonly run: string; readonly type: string };
  readonly error?: { readonly code: string };
}

/** A WebSocket to a daemon, and everything it was sent. */
async function connected(daemon: Awaited<ReturnType<typeof daemonInside>>) {
  const options = { headers: { authorization: `Bearer ${daemon.token}` } } as never;
  const socket = new WebSocket(`${daemon.url.replace("http", "ws")}/api/socket`, options);
  const told: Told[] = [];
  socket.onmessage = ({ data }) => void told.push(JSON.parse(data as string));
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = reject;
  });
  const send = (message: unknown): void =>
    socket.send(typeof message === "string" ? message : JSON.stringify(message));
  const answered = (requestId: string | null) =>
    until(() => told.some((one) => one.requestId === requestId), `an answer to ${requestId}`);
  return { socket, told, send, answered };
}

test("answers many requests on one connection, each under its own name", async () => {
  const { told, send, answered } = await connected(await daemonInside());

  for (let i = 0; i < 20; i++) {
    send({ requestId: `d${i}`, method: "dispatch", params: { plan: "nothing", key: `k${i}` } });
    send({ requestId: `q${i}`, method: "queue" });
  }
  await answered("q19");

  for (let i = 0; i < 20; i++) {
    const dispatched = told.filter(({ requestId }) => requestId === `d${i}`);
    expect(dispatched).toMatchObject([{ type: "result", result: { key: `k${i}` } }]);
    const queue = told.find(({ requestId }) => requestId === `q${i}`);
    expect(queue?.result?.waiting).toBe(i + 1);
  }
});

test("tells of the end of what it follows, also to one who comes later", async () => {
  const daemon = await daemonInside();
  const first = await connected(daemon);
  const second = await connected(daemon);
  first.send({ requestId: "a", method: "dispatch", params: { plan: "nothing" } });
  await first.answered("a");
  const id = first.told[0]?.result?.id;

  second.send({ requestId: "f", method: "follow", params: { id } });
  await second.answered("f");
  second.send({ requestId: "c", method: "cancel", params: { id } });
  await until(() => second.told.length === 3, "all messages");
  await until(() => first.told.length === 2, "the end");
  second.send({ requestId: "g", method: "follow", params: { id } });
  await until(() => second.told.length === 5, "the end once more");

  expect(first.told[1]).toMatchObject({
    requestId: "a",
    type: "settled",
    request: { id, status: "cancelled", cancelledBy: "http" },
  });
  expect(
    second.told
      .slice(1)
      .map(({ requestId, type }) => `${requestId} ${type}`)
      .sort(),
  ).toEqual([...["c result", "f settled", "g result", "g settled"]]);
});

test("tells what is wrong with a message, under its name where it has one, and goes on", async () => {
  const daemon = await daemonInside();
  const { told, send, answered } = await connected(daemon);

  send("{");
  send({ requestId: "", method: "queue" });
  send({ requestId: "m", method: "nothing" });
  send({ requestId: "p", method: "dispatch", params: 1 });
  send({ requestId: "d", method: "dispatch", params: { plan: "other" } });
  send({ requestId: "i", method: "run", params: { id: 7 } });
  send({ requestId: "o", method: "queue" });
  await answered("o");

  expect(told.map(({ requestId, error }) => [requestId, error?.code])).toEqual([
    [null, "BAD_BODY"],
    [null, "BAD_BODY"],
    ["m", "UNKNOWN"],
    [null, "BAD_BODY"],
    ["d", "PLAN_UNKNOWN"],
    ["i", "BAD_BODY"],
    ["o", undefined],
  ]);
  const { audit } = await daemon.left();
  expect(audit.map(({ method, refusal }) => [method, refusal])).toEqual(
    expect.arrayContaining([
      ["GET", null],
      ["dispatch", "PLAN_UNKNOWN"],
      ["queue", null],
    ]),
  );
});

test("sends the events of one run from its first on, or of all from now on, until it is left", async () => {
  const daemon = await daemonInside();
  const registry = await openRegistry(findPlace(daemon.dir).stateDir);
  const begin = (run: string) => registry.commit(run, () => [started(samplePlan(["a"]))]);
  await begin("aaaa");
  const { told, send, answered } = await connected(daemon);

  send({ requestId: "one", method: "events", params: { id: "aaaa" } });
  send({ requestId: "all", method: "events" });
  send({ requestId: "no", method: "events", params: { id: "zzzz" } });
  await answered("no");
  await begin("bbbb");
  await until(() => told.some(({ event }) => event?.run === "bbbb"), "the second run");
  send({ requestId: "all", method: "leave" });
  await until(() => told.filter(({ requestId }) => requestId === "all").length === 3, "the leave");
  await begin("cccc");
  await registry.commit("aaaa", () => [attemptStarted("a")]);
  await until(() => told.some(({ event }) => event?.type === "attempt.started"), "the attempt");
  send({ requestId: "after", method: "events", params: { id: "aaaa", after: 1 } });
  await until(() => told.filter(({ requestId }) => requestId === "after").length === 2, "the rest");

  const eventsOf = (name: string) =>
    told.filter(({ requestId, event }) => requestId === name && event !== undefined);
  const seen = (name: string) => eventsOf(name).map(({ event }) => `${event?.run} ${event?.type}`);
  expect(seen("one")).toEqual(["aaaa run.started", "aaaa attempt.started"]);
  expect(seen("all")).toEqual(["bbbb run.started"]);
  expect(seen("after")).toEqual(["aaaa attempt.started"]);
  expect(told.find(({ requestId }) => requestId === "no")?.error?.code).toBe("RUN_UNKNOWN");
});

test("lists runs page by page", async () => {
  const daemon = await daemonInside();
  const registry = await openRegistry(findPlace(daemon.dir).stateDir);
  for (const id of ["r1", "r2"]) await registry.commit(id, () => [started(samplePlan(["a"]))]);
  const { told, send, answered } = await connected(daemon);

  send({ requestId: "a", method: "runs" });
  send({ requestId: "b", method: "runs", params: { before: "@last" } });
  send({ requestId: "c", method: "runs", params: { before: 1 } });
  await answered("c");

  const of = (name: string) => told.find(({ requestId }) => requestId === name);
  const ids = (name: string) =>
    ((of(name)?.result?.runs ?? []) as { id: string }[]).map(({ id }) => id);
  expect([ids("a").length, ids("b").length, of("a")?.result?.next]).toEqual([2, 1, null]);
  expect(ids("a").slice(1)).toEqual(ids("b"));
  expect(of("c")?.error?.code).toBe("BAD_BODY");
});
