import { existsSync } from "node:fs";
import { type Dialect, gemini, openai } from "./model-dialect.ts";
import { hasScript, type Prelude, parseScript, type Turn } from "./model-script.ts";

/** A request that reached the model. */
export interface ModelRequest {
  readonly path: string;
  readonly model: string;
  /** Everything the user's side said. */
  readonly prompt: string;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

/** A model on the loopback that does what the prompt says, in the words of OpenAI or Google. */
export interface ModelServer extends AsyncDisposable {
  /** Without a slash at its end; OpenAI's API is below `/v1`. */
  readonly url: string;
  readonly requests: readonly ModelRequest[];
  stop(): Promise<void>;
}

/** Starts the server on a free port of 127.0.0.1. The script of `model-script.ts` travels in the prompt. */
export function startModelServer(port = 0): ModelServer {
  const requests: ModelRequest[] = [];
  const refused = new Map<string, number>();
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port,
    idleTimeout: 0,
    async fetch(request) {
      const { pathname } = new URL(request.url);
      if (request.method !== "POST") return list(pathname);
      const call = callOf(pathname, await request.json());
      if (call === null) return Response.json({});
      const { prompt, turns, tools } = call.dialect.read(call.body);
      requests.push({
        path: pathname,
        model: call.model,
        prompt,
        body: call.body,
        headers: Object.fromEntries(request.headers),
      });
      // Agents ask for titles and summaries on the side, without offering tools: those are not the script's.
      const turn = tools && hasScript(prompt) ? parseScript(prompt)[turns] : undefined;
      return answer(call, turn ?? { preludes: [], step: { kind: "say", text: "done" } }, (key) => {
        // Another attempt asks from another directory, which agents tell: only the script is the same.
        const place = `${prompt.match(/@@.*$/gm)?.join("\n")} ${turns} ${key}`;
        const count = refused.get(place) ?? 0;
        refused.set(place, count + 1);
        return count;
      });
    },
  });
  const stop = (): Promise<void> => server.stop(true);
  return {
    url: `http://127.0.0.1:${server.port}`,
    requests,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

interface Call {
  readonly dialect: Dialect;
  readonly model: string;
  readonly streamed: boolean;
  readonly body: unknown;
}

function callOf(path: string, body: unknown): Call | null {
  if (path.endsWith("/chat/completions")) {
    const { model, stream } = body as { model?: string; stream?: boolean };
    return { dialect: openai, model: model ?? "", streamed: stream === true, body };
  }
  const match = /\/models\/([^/:]+):(streamG|g)enerateContent$/.exec(path);
  if (match === null) return null;
  return { dialect: gemini, model: match[1] as string, streamed: match[2] === "streamG", body };
}

/** `countOf` counts how often a prelude of this script was met before. */
async function answer(call: Call, turn: Turn, countOf: (key: string) => number): Promise<Response> {
  for (const [index, prelude] of turn.preludes.entries()) {
    const response = await meet(call, prelude, () => countOf(`${index}`));
    if (response !== null) return response;
  }
  const { dialect, model, streamed } = call;
  if (!streamed) return json(dialect.whole(turn.step, model), 200);
  return events(dialect.stream(turn.step, model).map((chunk) => `data: ${chunk}\n\n`));
}

async function meet(call: Call, prelude: Prelude, count: () => number): Promise<Response | null> {
  switch (prelude.kind) {
    case "error": {
      if (prelude.times !== null && count() >= prelude.times) return null;
      const { status, retryAfter } = prelude;
      const headers = retryAfter === null ? {} : { "retry-after": `${retryAfter}` };
      return json(call.dialect.error(prelude), status, headers);
    }
    case "hang":
      return new Promise(() => {});
    case "cut": {
      const [first = ""] = call.dialect.stream({ kind: "say", text: "half an ans" }, call.model);
      return events([`data: ${first.slice(0, first.length / 2)}`]);
    }
    case "hold":
      while (!existsSync(prelude.file)) await Bun.sleep(20);
      return null;
  }
}

function events(chunks: readonly string[]): Response {
  return new Response(chunks.join(""), { headers: { "content-type": "text/event-stream" } });
}

function json(body: string, status: number, headers: Record<string, string> = {}): Response {
  return new Response(body, {
    status,
    headers: { "content-type": "application/json", ...headers },
  });
}

function list(path: string): Response {
  if (path === "/v1/models") {
    return Response.json({ object: "list", data: [{ id: "m1", object: "model" }] });
  }
  if (path.endsWith("/models")) return Response.json({ models: [] });
  return Response.json({});
}

if (import.meta.main) {
  const server = startModelServer(Number(process.argv[2] ?? 0));
  console.log(server.url);
}
