import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ra } from "./place.ts";
import { median } from "./ratio.ts";

/**
 * What `ra serve` adds to the round trip of a bare Bun server that reads and writes the same JSON, in turn, and what idle WebSockets
 * take: `bun bench/gateway.ts [ROUNDS]`, after `npm run build`.
 */
const rounds = Number(process.argv[2] ?? 10);
const perRound = 50;
const sockets = 1_000;

const top = mkdtempSync(join(tmpdir(), "ra-bench-"));
const body = JSON.stringify({ plan: "wait" });
const bare = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch: async (request) => Response.json(await request.json()),
});
const daemon = startDaemon();
try {
  const { url, token } = await addressOf(daemon);
  const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
  const post = async (at: string, text: string): Promise<{ readonly id: string }> => {
    const answer = await fetch(at, { method: "POST", body: text, headers });
    const said = (await answer.json()) as { readonly id: string };
    if (!answer.ok) throw new Error(JSON.stringify(said));
    return said;
  };
  // It holds the only place, so that those that follow wait.
  const { id: first } = await post(`${url}/api/dispatch`, body);
  const took = { bare: [] as number[], ra: [] as number[] };
  for (let round = 0; round <= rounds; round++) {
    const ids: string[] = [];
    for (let i = 0; i < perRound; i++) {
      const began = performance.now();
      await post(`http://127.0.0.1:${bare.port}/`, body);
      const between = performance.now();
      ids.push((await post(`${url}/api/dispatch`, body)).id);
      if (round === 0) continue;
      took.bare.push(between - began);
      took.ra.push(performance.now() - between);
    }
    for (const id of ids) await post(`${url}/api/requests/${id}/cancel`, "{}");
  }
  const before = await residentBytes(url, token);
  const open = await Promise.all(Array.from({ length: sockets }, () => connect(url, token)));
  await Bun.sleep(1_000);
  const after = await residentBytes(url, token);
  for (const socket of open) socket.close();
  await post(`${url}/api/requests/${first}/cancel`, "{}");
  const [one, other] = [median(took.bare), median(took.ra)];
  process.stdout.write(
    `accepting a request: ${other.toFixed(2)} ms, a bare server: ${one.toFixed(2)} ms, it adds ${(other - one).toFixed(2)} ms\n` +
      `${sockets} idle WebSockets: ${((after - before) / 1e6).toFixed(0)} MB\n`,
  );
} finally {
  daemon.kill("SIGTERM");
  await daemon.exited;
  await bare.stop(true);
  rmSync(top, { recursive: true, force: true });
}

function startDaemon() {
  const [project, config] = [join(top, "project"), join(top, "config", "ra")];
  for (const directory of [project, config]) mkdirSync(directory, { recursive: true });
  const file = join(top, "wait.json");
  const tasks = [{ id: "wait", run: "sleep 3600", isolation: "none", timeout: "2h" }];
  writeFileSync(file, JSON.stringify({ version: 1, mode: "auto", tasks }));
  writeFileSync(
    join(config, "config.yaml"),
    JSON.stringify({ serve: { plans: { wait: { file } } } }),
  );
  return Bun.spawn([ra, "serve", "--listen", "0", "-c", "1", "--json"], {
    cwd: project,
    env: { ...process.env, HOME: top, XDG_CONFIG_HOME: join(top, "config") },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "ignore",
  });
}

async function addressOf({ stdout }: { readonly stdout: ReadableStream<Uint8Array> }) {
  const reader = stdout.getReader();
  const { value } = await reader.read();
  const { url, token: path } = JSON.parse(new TextDecoder().decode(value)) as {
    readonly url: string;
    readonly token: string;
  };
  return { url, token: readFileSync(path, "utf8").trim() };
}

async function residentBytes(url: string, token: string): Promise<number> {
  const headers = { authorization: `Bearer ${token}` };
  const text = await (await fetch(`${url}/metrics`, { headers })).text();
  return Number(/^process_resident_memory_bytes (\d+)$/m.exec(text)?.[1]);
}

function connect(url: string, token: string): Promise<WebSocket> {
  const options = { headers: { authorization: `Bearer ${token}` } } as never;
  const socket = new WebSocket(`${url.replace("http", "ws")}/api/socket`, options);
  return new Promise((resolve, reject) => {
    socket.onopen = () => resolve(socket);
    socket.onerror = reject;
  });
}
