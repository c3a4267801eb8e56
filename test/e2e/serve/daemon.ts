import { readFileSync } from "node:fs";
import { raBinary } from "../../support/binary.ts";
import { onTestEnd } from "../../support/leftovers.ts";
import { type TestRepository, until } from "../../support/repository.ts";
import { writeUserConfig } from "../../support/user-config.ts";

/** A request as the gateway tells of it. */
export interface View {
  readonly id: string;
  readonly run: string;
  readonly status: string;
  readonly name: string;
  readonly reason: string | null;
  readonly exitCode: number | null;
}

/** `ra serve` of a test. */
export interface TestDaemon {
  readonly url: string;
  readonly token: string;
  readonly pid: number;
  /** Asks with the token; a body is sent as JSON. */
  ask(path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Response>;
  /** As `ask`, and gives the JSON. Throws when it is refused. */
  json<T = Record<string, unknown>>(path: string, body?: unknown): Promise<T>;
  /** Waits until a request has ended. */
  settled(id: string): Promise<View>;
  /** Ends it by this signal; gives its exit code and what it said. */
  end(signal?: NodeJS.Signals): Promise<{ readonly code: number | null; readonly err: string }>;
}

/** Writes the user's own config. */
export function userConfig(repository: TestRepository, config: object): void {
  // YAML in which one key has a line of its own, as JSON is YAML too.
  const lines = Object.entries(config).map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`);
  writeUserConfig(repository.env.XDG_CONFIG_HOME ?? "", lines.join(""));
}

/** Starts `ra serve` in a repository, on a port that is free unless `args` say otherwise. */
export async function startDaemon(
  repository: TestRepository,
  ...args: readonly string[]
): Promise<TestDaemon> {
  const where = args.some((arg) => /^--(listen|socket)$/.test(arg)) ? [] : ["--listen", "0"];
  const child = Bun.spawn([await raBinary(), "serve", "--json", ...where, ...args], {
    cwd: repository.dir,
    env: repository.env,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const said = child.stderr.text();
  const end = async (signal: NodeJS.Signals = "SIGTERM") => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await child.exited;
    return { code: child.exitCode, err: await said };
  };
  onTestEnd(async () => void (await end()));
  const line = await firstLine(child.stdout);
  if (line === null) throw new Error(`the daemon did not start:\n${await said}`);
  const { url, token: path } = JSON.parse(line) as { url: string; token: string };
  const token = readFileSync(path, "utf8").trim();
  const unix = url.startsWith("unix:") ? { unix: url.slice(5) } : {};
  const base = url.startsWith("unix:") ? "http://localhost" : url;
  const ask: TestDaemon["ask"] = (at, body, headers = {}) =>
    fetch(`${base}${at}`, {
      ...unix,
      ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
    });
  const json = async <T>(at: string, body?: unknown): Promise<T> => {
    const answer = await ask(at, body);
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${at}: ${answer.status} ${text}`);
    return JSON.parse(text) as T;
  };
  return {
    ...{ url, token, pid: child.pid, ask, json, end },
    async settled(id) {
      let view: View | null = null;
      await until(async () => {
        view = await json<View>(`/api/requests/${id}`);
        return view.status !== "queued" && view.status !== "running";
      }, `the end of ${id}`);
      return view as unknown as View;
    },
  };
}

async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string | null> {
  const reader = stream.getReader();
  let text = "";
  while (!text.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) return null;
    text += new TextDecoder().decode(value);
  }
  reader.releaseLock();
  return text.split("\n", 1)[0] ?? null;
}
