import { expect, test } from "bun:test";
import { connect } from "node:net";
import { daemonInside } from "./daemon.ts";

/** Every route, with an id where one stands. */
async function pathsOf({ ask }: Awaited<ReturnType<typeof daemonInside>>): Promise<string[]> {
  const { paths } = (await (await ask("/openapi.json")).json()) as { paths: object };
  const known = Object.keys(paths).map((path) => path.replaceAll(/\{\w+\}/g, "abcd"));
  return [...known, "/api/socket", "/index.html", "/api", "/nothing"];
}

const methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"];

const upgrade = {
  connection: "Upgrade",
  upgrade: "websocket",
  "sec-websocket-version": "13",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
};

const foreignHosts = [
  ...[
    "evil.example",
    "evil.example:PORT",
    "127.0.0.1",
    "localhost",
    "127.0.0.1:1",
    "127.0.0.2:PORT",
  ],
  ...["localhost.evil.example:PORT", "127.0.0.1.nip.io:PORT", "[::1]", "0.0.0.0:PORT", "[::]:PORT"],
  ...[
    "localhost:PORT.evil.example",
    "evil.example/127.0.0.1:PORT",
    "127.1:PORT",
    "2130706433:PORT",
  ],
  ...["localhost:0PORT", "user@localhost:PORT", "localhost:PORT:PORT", "169.254.169.254", "ra"],
];

const foreignOrigins = [
  ...[
    "null",
    "http://evil.example",
    "https://evil.example",
    "http://localhost",
    "http://127.0.0.1",
  ],
  ...["http://localhost:1", "http://127.0.0.1:PORT.evil.example", "http://evil.example:PORT"],
  ...[
    "file://",
    "chrome-extension://abc",
    "http://localhost:PORT@evil.example",
    "ws://localhost:PORT",
  ],
  ...["http://localhost:PORT/", "http://evil.example/localhost:PORT", "", "*", "localhost:PORT"],
];

test("lets nobody in without the token, from another host or from another origin, and notes each", async () => {
  const daemon = await daemonInside({ prompts: ["http"] });
  const { url, token, ask } = daemon;
  const { port } = new URL(url);
  const paths = await pathsOf(daemon);
  let sent = 1;
  const wrong: string[] = [];
  const send = async (path: string, method: string, headers: Record<string, string>) => {
    sent += 1;
    const body =
      method === "POST" ? JSON.stringify({ prompt: "Do it", plan: "nothing" }) : undefined;
    const type = { "content-type": "application/json" };
    const init = { method, headers: { ...type, ...headers }, redirect: "manual" as const };
    const answer = await fetch(`${url}${path}`, body === undefined ? init : { ...init, body });
    const text = await answer.text();
    if (![401, 403].includes(answer.status) || /abcd|nothing|Do it/.test(text))
      wrong.push(`${method} ${path} ${JSON.stringify(headers)}: ${answer.status} ${text}`);
  };
  const tokens: readonly Record<string, string>[] = [
    {},
    { authorization: "" },
    { authorization: "Bearer" },
    { authorization: `Bearer ${token.slice(0, -1)}` },
    { authorization: `Bearer ${token}x` },
    { authorization: `Basic ${btoa(`ra:${token}`)}` },
    { authorization: token },
    { cookie: `token=${token}` },
    { "x-api-key": token },
  ];
  const inUrl = [`?token=${token}`, `?access_token=${token}`, `?authorization=Bearer%20${token}`];

  for (const path of paths) {
    const tries = methods.flatMap((method) => [
      ...tokens.map((headers) => send(path, method, headers)),
      ...inUrl.map((query) => send(`${path}${query}`, method, {})),
    ]);
    await Promise.all(tries);
    await send(path, "GET", upgrade);
  }
  const right = { authorization: `Bearer ${token}` };
  const put = (text: string): string => text.replaceAll("PORT", port);
  for (const path of ["/api/dispatch", "/api/queue", "/api/socket", "/api/events"]) {
    const method = path === "/api/dispatch" ? "POST" : "GET";
    const more = path === "/api/socket" ? upgrade : {};
    for (const host of foreignHosts)
      await send(path, method, { ...right, ...more, host: put(host) });
    for (const origin of foreignOrigins)
      await send(path, method, { ...right, ...more, origin: put(origin) });
    await send(path, method, { ...right, ...more, "sec-fetch-site": "cross-site" });
  }

  expect(wrong).toEqual([]);
  expect(sent).toBeGreaterThan(1_600);
  const control = await ask("/api/queue", { headers: { origin: url, host: `localhost:${port}` } });
  expect([control.status, await control.json()]).toMatchObject([200, { waiting: 0, running: 0 }]);
  const { audit, requests } = await daemon.left();
  expect(requests).toEqual([]);
  expect(audit.reduce((sum, { count }) => sum + count, 0)).toBe(sent + 1);
  expect(audit.filter(({ refusal }) => refusal === null).map(({ route }) => route)).toEqual(
    expect.arrayContaining(["/openapi.json", "/api/queue"]),
  );
}, 60_000);

/** Sends bytes as they are, and gives what comes back. */
function sendRaw(url: string, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = "";
    const socket = connect(Number(new URL(url).port), "127.0.0.1", () => socket.write(text));
    socket.on("data", (bytes) => {
      said += String(bytes);
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(said));
  });
}

test("takes no request that names no host", async () => {
  const { url, token } = await daemonInside();
  const lines = ["GET /api/queue HTTP/1.1", `Authorization: Bearer ${token}`, "Connection: close"];

  const said = await sendRaw(url, `${lines.join("\r\n")}\r\n\r\n`);

  expect(said).toMatch(/^HTTP\/1\.1 (400|403) /);
});

const climbs = [
  ...[
    "..",
    "../",
    "../../etc/passwd",
    "%2e%2e",
    "%2e%2e%2f",
    "..%2f..%2fetc%2fpasswd",
    "..\\..\\x",
  ],
  ...[
    "%252e%252e%252f",
    "..%c0%af",
    "%c0%ae%c0%ae/",
    "..%00",
    "a%00b",
    "/etc/passwd",
    "//etc/passwd",
  ],
  ...[
    "%2fetc%2fpasswd",
    "....//",
    "..;/",
    ".%2e/",
    "%5c..%5c",
    "file:///etc/passwd",
    "~",
    "~root",
    ".",
  ],
  ...[
    "%2e",
    "a/../b",
    "a%2fb",
    "C:%5c",
    "a b",
    "%0d%0aX: y",
    "a?b=../c",
    "-rf",
    "--help",
    "@",
    "@@last",
  ],
  ...["'; drop table runs; --", "%27", "$HOME", "$(id)", "`id`", "<script>", "%3Cscript%3E", "%ff"],
  ...["x".repeat(65), "x".repeat(5_000), "%u002e", "..%ef%bc%8f", "\u202e", "aux", "CON", "nul."],
];

test("knows no path beyond its own, however it is written", async () => {
  const all = await pathsOf(await daemonInside());
  const paths = all.filter((path) => path.includes("abcd"));
  const through: string[] = [];

  for (const path of paths) {
    // One for each: a daemon takes only so many requests at once.
    const daemon = await daemonInside();
    const { host } = new URL(daemon.url);
    const head = [`Host: ${host}`, `Authorization: Bearer ${daemon.token}`, "Connection: close"];
    const send = async (method: string, at: string): Promise<void> => {
      const body = ["Content-Type: application/json", "Content-Length: 2", "", "{}"];
      const lines = [`${method} ${at} HTTP/1.1`, ...head, ...(method === "POST" ? body : ["", ""])];
      const said = await sendRaw(daemon.url, lines.join("\r\n"));
      if (!/^HTTP\/1\.1 (400|404|405|431|505) /.test(said) || /root:|\bat \//.test(said))
        through.push(`${method} ${at}: ${said}`);
    };
    const ats = climbs
      .flatMap((climb) => [path.replace("abcd", climb), path.replace(/.*abcd/, `$&${climb}`)])
      .concat(climbs.map((climb) => path.replaceAll("abcd", climb)))
      // The server resolves dots, as any client does: then it is one of the paths that are told.
      .filter((at) => !all.includes(new URL(at, daemon.url).pathname));
    await Promise.all(ats.flatMap((at) => [send("GET", at), send("POST", at)]));
    expect((await daemon.left()).requests).toEqual([]);
    expect(daemon.troubles).toEqual([]);
  }

  expect(through).toEqual([]);
}, 60_000);

test("takes bodies of JSON alone, whole and not too large", async () => {
  const { post, ask } = await daemonInside();
  const body = JSON.stringify({ plan: "nothing" });
  const typed = (type: string) => post("/api/dispatch", body, { "content-type": type });
  const chunked = new ReadableStream({
    start(controller) {
      for (let i = 0; i < 20; i++) controller.enqueue(new Uint8Array(100_000).fill(32));
      controller.close();
    },
  });

  const answers = await Promise.all([
    ...["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""].map(typed),
    post("/api/dispatch", "{"),
    post("/api/dispatch", '{"plan":"nothing"'),
    post("/api/dispatch", `{"plan":"${"x".repeat(1_100_000)}"}`),
    ask("/api/dispatch", {
      method: "POST",
      body: chunked,
      headers: { "content-type": "application/json" },
    }),
    post("/api/dispatch", body, { "idempotency-key": "a b" }),
    typed("application/json; charset=utf-8"),
  ]);

  expect(answers.map(({ status }) => status)).toEqual([
    ...[415, 415, 415, 415],
    ...[400, 400, 413, 413, 400, 202],
  ]);
});

test("says in every answer that nobody may frame it, keep it or load anything from elsewhere", async () => {
  const { ask } = await daemonInside();

  const answers = await Promise.all([ask("/healthz"), ask("/nothing"), ask("/metrics")]);

  for (const { headers } of answers) {
    expect(headers.get("content-security-policy")).toContain("default-src 'self'");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("access-control-allow-origin")).toBeNull();
  }
});

test("makes whoever asks too fast wait", async () => {
  const { ask } = await daemonInside();
  const statuses = new Set<number>();

  for (let i = 0; i < 40 && !statuses.has(429); i++) {
    const some = await Promise.all(Array.from({ length: 100 }, () => ask("/healthz")));
    for (const { status } of some) statuses.add(status);
  }

  expect([...statuses].sort()).toEqual([200, 429]);
});
