import { expect, test } from "bun:test";
import { Sessions } from "../../cli/serve/sessions.ts";
import { ManualClock } from "../support/rig.ts";
import { daemonInside } from "./daemon.ts";

test("an invitation works once and not for long, a session for hours", () => {
  const clock = new ManualClock();
  const sessions = new Sessions(clock);
  const [first, late] = [sessions.invite(), sessions.invite()];

  const token = sessions.redeem(first) ?? "";
  const again = sessions.redeem(first);
  clock.advance(5 * 60_000);
  const tooLate = sessions.redeem(late);
  const [now, invented] = [sessions.matches(token), sessions.matches(first)];
  clock.advance(12 * 3_600_000);

  expect([again, tooLate, sessions.redeem("")]).toEqual([null, null, null]);
  expect([now, invented, sessions.matches(token)]).toEqual([true, false, false]);
});

test("no more than a hundred invitations stand, the newest of them", () => {
  const sessions = new Sessions(new ManualClock());
  const codes = Array.from({ length: 101 }, () => sessions.invite());

  expect(sessions.redeem(codes[0] ?? "")).toBeNull();
  expect(sessions.redeem(codes[1] ?? "")).not.toBeNull();
});

/** Sends a code as a page would, or as `headers` say. */
function exchange(url: string, code: string, headers: Record<string, string> = { origin: url }) {
  return fetch(`${url}/api/sessions`, {
    method: "POST",
    body: JSON.stringify({ code }),
    headers: { "content-type": "application/json", ...headers },
  });
}

/** A WebSocket as a page opens one; `null` when it is refused. */
async function opened(url: string, protocols: string[], origin?: string): Promise<string | null> {
  const headers = origin === undefined ? {} : { origin };
  const options = { protocols, headers } as never;
  const socket = new WebSocket(`${url.replace("http", "ws")}/api/socket`, options);
  const protocol = await new Promise<string | null>((resolve) => {
    socket.onopen = () => resolve(socket.protocol);
    socket.onerror = () => resolve(null);
    socket.onclose = () => resolve(null);
  });
  socket.close();
  return protocol;
}

test("a page of this host gets a token for an invitation, and a WebSocket with it", async () => {
  const daemon = await daemonInside();
  const { url } = (await (await daemon.post("/api/invitations", {})).json()) as { url: string };
  const [page = "", code = ""] = url.split("/#");

  const strangers = await Promise.all([
    exchange(page, code, {}),
    exchange(page, code, { origin: "http://evil.example" }),
    exchange(page, code, { origin: page, host: "evil.example" }),
    exchange(page, `${code}x`),
  ]);
  const answer = await exchange(page, code);
  const second = await exchange(page, code);
  const { token } = (await answer.json()) as { token: string };
  const queue = await fetch(`${page}/api/queue`, { headers: { authorization: `Bearer ${token}` } });
  const pages = [
    await opened(page, ["ra", `bearer.${token}`], page),
    await opened(page, ["ra", `bearer.${token}`]),
    await opened(page, ["ra", `bearer.${token}`], "http://evil.example"),
    await opened(page, ["ra", `bearer.${token}x`], page),
    await opened(page, ["ra", `bearer.${daemon.token}`], page),
    await opened(page, ["ra"], page),
  ];

  expect(page).toBe(daemon.url);
  expect(strangers.map(({ status }) => status)).toEqual([403, 403, 403, 403]);
  expect([answer.status, second.status, queue.status]).toEqual([200, 403, 200]);
  expect(answer.headers.get("set-cookie")).toBeNull();
  expect(pages).toEqual(["ra", null, null, null, null, null]);
});

test("who guesses invitations is made to wait", async () => {
  const { url } = await daemonInside();

  const answers = await Promise.all(
    Array.from({ length: 40 }, (_, i) => exchange(url, `guess${i}`)),
  );

  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([403, 429]));
});
