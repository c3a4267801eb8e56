import { expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import webhook from "../../plugins/channel-webhook.ts";
import { runFinished, samplePlan, sampleTask, started } from "../registry/sample.ts";
import { onTestEnd } from "../support/leftovers.ts";
import { forever, told } from "./channel-events.ts";

const secret = "0123456789abcdef01234567";

/** A receiver on this machine, and a webhook to it whose clock is the test's. */
function world(
  answer: (request: Request) => Response | Promise<Response>,
  { key = secret, plan = samplePlan(["a"]) } = {},
) {
  const got: { readonly headers: Headers; readonly body: string; readonly path: string }[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const path = new URL(request.url).pathname;
      got.push({ headers: request.headers, body: await request.text(), path });
      return await answer(request);
    },
  });
  onTestEnd(() => server.stop(true));
  const clock = { now: 0 };
  const open = () =>
    webhook({
      ...{ url: `${server.url.origin}/hidden-path`, secret: key, events: null },
      ...{ paces: { failuresMax: 3, restMs: 60_000, refusalsMax: 3 }, monotonic: () => clock.now },
    });
  let channel = open();
  const { events, access, said, refused } = told([started(plan), runFinished()]);
  const send = (i = 0, signal = forever) => channel.deliver(events[i]!, signal, access);
  /** A daemon that is started anew. */
  const restart = (): void => {
    channel = open();
  };
  return { server, got, clock, restart, events, said, refused, send };
}

const fine = () => new Response("", { status: 204 });

test("sends an event with a signature over its id, its time and every byte of it", async () => {
  const { got, events, send } = world(fine);

  await send();

  const [{ headers, body } = { headers: new Headers(), body: "" }] = got;
  const [id, time] = [headers.get("webhook-id"), headers.get("webhook-timestamp")];
  const signed = createHmac("sha256", secret).update(`${id}.${time}.${body}`).digest("base64");
  expect(headers.get("webhook-signature")).toBe(`v1,${signed}`);
  expect(Math.abs(Number(time) - Date.now() / 1_000)).toBeLessThan(60);
  expect([id, headers.get("content-type")]).toEqual(["ra_1", "application/json"]);
  expect(JSON.parse(body)).toEqual(JSON.parse(JSON.stringify(events[0])));
});

test("a large event is signed as it is sent, cut", async () => {
  const work = { kind: "prompt", prompt: "x".repeat(200_000) } as const;
  const { got, send } = world(fine, { plan: samplePlan([sampleTask("a", { work })]) });

  await send();

  const [{ headers, body } = { headers: new Headers(), body: "" }] = got;
  const text = `${headers.get("webhook-id")}.${headers.get("webhook-timestamp")}.${body}`;
  const signed = createHmac("sha256", secret).update(text).digest("base64");
  expect(body.length).toBeLessThanOrEqual(64 * 1024);
  expect(headers.get("webhook-signature")).toBe(`v1,${signed}`);
});

test("a secret in the form of Standard Webhooks signs by the bytes it stands for", async () => {
  const bytes = Buffer.from("an entirely other key, in bytes");
  const { got, send } = world(fine, { key: `whsec_${bytes.toString("base64")}` });

  await send();

  const [{ headers, body } = { headers: new Headers(), body: "" }] = got;
  const text = `${headers.get("webhook-id")}.${headers.get("webhook-timestamp")}.${body}`;
  const signed = createHmac("sha256", bytes).update(text).digest("base64");
  expect(headers.get("webhook-signature")).toBe(`v1,${signed}`);
});

test("follows no redirect, to whatever host", async () => {
  const other = world(fine);
  for (const [status, to] of [
    [302, `${other.server.url.origin}/`],
    [307, "/elsewhere"],
    [308, `${other.server.url.origin}/`],
  ] as const) {
    const { got, send } = world(() => new Response("", { status, headers: { location: to } }));

    const done = send();

    expect(done).rejects.toThrow(`answered ${status}, and redirects are not followed`);
    await done.catch(() => {});
    expect(got).toHaveLength(1);
  }
  expect(other.got).toEqual([]);
});

test("is left alone after failures in a row, and asked again after a rest", async () => {
  let status = 500;
  const { got, clock, said, send } = world(() => new Response("", { status }));

  for (let i = 0; i < 6; i++) await send().catch(() => {});
  const tried = got.length;
  clock.now = 60_001;
  await send().catch(() => {});
  await send().catch(() => {});
  const again = got.length;
  clock.now = 120_002;
  status = 200;
  await send();
  await send(1);

  expect([tried, again, got.length]).toEqual([3, 4, 6]);
  expect(said).toEqual([expect.stringContaining("failed 3 times in a row")]);
});

test("waits as long as it is told to, but not longer than its rest", async () => {
  for (const [wait, until] of [
    ["7", 7_000],
    ["86400", 60_000],
  ] as const) {
    const headers = { "retry-after": wait };
    const { got, clock, send } = world(() => new Response("", { status: 429, headers }));

    await send().catch(() => {});
    clock.now = until - 1;
    await send().catch(() => {});
    const before = got.length;
    clock.now = until;
    await send().catch(() => {});

    expect([before, got.length]).toEqual([1, 2]);
  }
});

test("neither its secret nor its path stands in what is told of failures", async () => {
  const messages: string[] = [];
  const note = (error: Error): void => void messages.push(error.message);
  const { send, server, said } = world(() => new Response("hidden-path", { status: 500 }));

  await send().catch(note);
  server.stop(true);
  for (let i = 0; i < 3; i++) await send().catch(note);
  const late = new AbortController();
  const hanging = world(() => new Promise<Response>(() => {}));
  const done = hanging.send(0, late.signal).catch(note);
  while (hanging.got.length === 0) await new Promise(setImmediate);
  late.abort();
  await done;

  expect(messages).toHaveLength(5);
  expect(messages.at(-1)).toContain("did not answer in time");
  expect([...messages, ...said].join("\n")).not.toMatch(/hidden|0123456789abcdef/);
});

test("reads nothing of an endless answer", async () => {
  let pulled = 0;
  const body = () =>
    new ReadableStream({
      pull(controller) {
        pulled += 1;
        controller.enqueue(new Uint8Array(64 * 1024));
      },
    });
  const { send } = world(() => new Response(body()));

  await send();

  expect(pulled).toBeLessThan(200);
});

/** What comes of sending an event again and again: what was thrown, or `done`. */
async function outcomes(send: () => Promise<void>, tries: number): Promise<string[]> {
  const all: string[] = [];
  for (let i = 0; i < tries && all.at(-1) !== "done"; i++)
    all.push(
      await send().then(
        () => "done",
        (error: Error) => error.message.replace(/^\S+ /, ""),
      ),
    );
  return all;
}

test("an event that is refused for good is put aside after some tries, also over a restart, and the next one is sent", async () => {
  for (const status of [400, 404, 413, 422]) {
    let seen = 0;
    const { got, restart, refused, said, send } = world(({ headers }) => {
      seen += 1;
      return new Response("", { status: headers.get("webhook-id") === "ra_1" ? status : 204 });
    });

    const before = await outcomes(send, 2);
    restart();
    const after = await outcomes(send, 9);
    await send(1);

    expect(before).toEqual([`answered ${status}`, `answered ${status}`]);
    expect([after, seen]).toEqual([["done"], 4]);
    expect(refused).toEqual([`1 ${status} aside`]);
    expect(said).toEqual([expect.stringContaining("refused event 1 (run.started")]);
    expect(got.at(-1)?.headers.get("webhook-id")).toBe("ra_2");
  }
});

test("a receiver that refuses everything loses one event soon and the others after long rests only", async () => {
  const { got, clock, refused, send } = world(() => new Response("", { status: 401 }));

  await outcomes(send, 9);
  const second = () => send(1);
  const soon = await outcomes(second, 9);
  const tried = got.length;
  for (let i = 0; i < 2; i++) {
    clock.now += 60_000;
    await outcomes(second, 1);
  }

  expect(tried).toBe(4);
  expect([soon[0], ...new Set(soon.slice(1))]).toEqual([
    "answered 401",
    "is left alone for a while",
  ]);
  expect(refused).toEqual(["1 401 aside", "2 401 aside"]);
});

test("what may pass is never put aside", async () => {
  for (const status of [301, 408, 429, 500, 503]) {
    const { clock, refused, send } = world(() => new Response("", { status }));

    for (let i = 0; i < 20; i++) {
      await send().catch(() => {});
      clock.now += 60_000;
    }

    expect(refused).toEqual([]);
  }
});

test("a receiver that is gone is asked no more until the next start, and nothing is lost", async () => {
  let status = 410;
  const { got, clock, restart, refused, said, send } = world(() => new Response("", { status }));

  const first = await outcomes(send, 5);
  clock.now += 365 * 24 * 3_600_000;
  const later = await outcomes(send, 1);
  const asked = got.length;
  status = 204;
  restart();
  await send();

  expect([first[0], later[0], asked]).toEqual(["answered 410", first[1]!, 1]);
  expect(first[1]).toContain("is gone");
  expect(refused).toEqual(["1 410 gone"]);
  expect(said).toEqual([expect.stringContaining("nothing is sent any more")]);
  expect(got).toHaveLength(2);
});
