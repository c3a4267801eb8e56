import { expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import webhook from "../../plugins/channel-webhook.ts";
import { runFinished, samplePlan, started } from "../registry/sample.ts";
import { onTestEnd } from "../support/leftovers.ts";
import { forever, told } from "./channel-events.ts";

const secret = "0123456789abcdef01234567";

/** A receiver on this machine, and a webhook to it whose clock is the test's. */
function world(answer: (request: Request) => Response | Promise<Response>, key = secret) {
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
  const channel = webhook({
    ...{ url: `${server.url.origin}/hidden-path`, secret: key, events: null },
    ...{ paces: { failuresMax: 3, restMs: 60_000 }, monotonic: () => clock.now },
  });
  const { events, access, said } = told([started(samplePlan(["a"])), runFinished()]);
  const send = (i = 0, signal = forever) => channel.deliver(events[i]!, signal, access);
  return { server, got, clock, channel, events, said, send };
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

test("a secret in the form of Standard Webhooks signs by the bytes it stands for", async () => {
  const bytes = Buffer.from("an entirely other key, in bytes");
  const { got, send } = world(fine, `whsec_${bytes.toString("base64")}`);

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
