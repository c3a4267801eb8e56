import { existsSync } from "node:fs";
import { anthropic } from "./model-anthropic.ts";
import type { Dialect } from "./model-dialect.ts";
import { gemini } from "./model-gemini.ts";
import { chat } from "./model-openai.ts";
import { responses } from "./model-responses.ts";
import { hasScript, type Prelude, parseScript, type Step, type Turn } from "./model-script.ts";

/** A request that reached the model. */
export interface ModelRequest {
  readonly path: string;
  readonly model: string;
  /** Everything the user's side said. */
  readonly prompt: string;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

/** A model on the loopback that does what the prompt says, in the words of OpenAI, Anthropic or Google. */
export interface ModelServer extends AsyncDisposable {
  /** Without a slash at its end; OpenAI's and Anthropic's APIs are below `/v1`. */
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
      const turn = tools.length > 0 && hasScript(prompt) ? parseScript(prompt)[turns] : undefined;
      const done: Turn = { preludes: [], step: { kind: "say", text: "done" } };
      return answer({ ...call, tools }, turn ?? done, (key) => {
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

type Answered = Call & { readonly tools: readonly string[] };

const dialects: Readonly<Record<string, Dialect>> = {
  "/v1/chat/completions": chat,
  "/v1/responses": responses,
  "/v1/messages": anthropic,
};

function callOf(path: string, body: unknown): Call | null {
  const dialect = dialects[path];
  if (dialect !== undefined) {
    const { model, stream } = body as { model?: string; stream?: boolean };
    return { dialect, model: model ?? "", streamed: stream === true, body };
  }
  const match = /\/models\/([^/:]+):(streamG|g)enerateContent$/.exec(path);
  if (match === null) return null;
  return { dialect: gemini, model: match[1] as string, streamed: match[2] === "streamG", body };
}

/** `countOf` counts how often a prelude of this script was met before. */
async function answer(
  call: Answered,
  turn: Turn,
  countOf: (key: string) => number,
): Promise<Response> {
  let pauseMs = 0;
  for (const [index, prelude] of turn.preludes.entries()) {
    if (prelude.kind === "slow") pauseMs = prelude.pauseMs;
    const response = await meet(call, prelude, () => countOf(`${index}`));
    if (response !== null) return response;
  }
  const { dialect, model, streamed, tools } = call;
  if (!streamed) return json(dialect.whole(turn.step, model, tools), 200);
  return events(dialect.stream(turn.step, model, tools), pauseMs);
}

async function meet(
  call: Answered,
  prelude: Prelude,
  count: () => number,
): Promise<Response | null> {
  const isOver = (times: number | null): boolean => times !== null && count() >= times;
  switch (prelude.kind) {
    case "error": {
      if (isOver(prelude.times)) return null;
      const { status, retryAfter } = prelude;
      const headers = retryAfter === null ? {} : { "retry-after": `${retryAfter}` };
      return json(call.dialect.error(prelude), status, headers);
    }
    case "hang":
      return new Promise(() => {});
    case "slow":
      return null;
    case "junk":
      return isOver(prelude.times) ? null : events(["data: {not json\n\n", "<html>\n\n"], 0);
    case "cut": {
      if (isOver(prelude.times)) return null;
      const half: Step = { kind: "say", text: "half an ans" };
      const frames = call.dialect.stream(half, call.model, call.tools);
      return events([firstHalf(frames)], 0);
    }
    case "hold":
      while (!existsSync(prelude.file)) await Bun.sleep(20);
      return null;
  }
}

/** A stream up to the middle of the answer itself. */
function firstHalf(frames: readonly string[]): string {
  const text = frames.join("");
  return text.slice(0, text.indexOf("half an ans") + 4);
}

function events(frames: readonly string[], pauseMs: number): Response {
  const body = pauseMs === 0 ? frames.join("") : paced(frames, pauseMs);
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
}

/** The frames cut into two pieces each, with a pause before every piece. */
function paced(frames: readonly string[], pauseMs: number): ReadableStream<Uint8Array> {
  const middle = (frame: string): number => Math.ceil(frame.length / 2);
  const pieces = frames.flatMap((f) => [f.slice(0, middle(f)), f.slice(middle(f))]);
  return new ReadableStream({
    async pull(controller) {
      const piece = pieces.shift();
      if (piece === undefined) return controller.close();
      await Bun.sleep(pauseMs);
      controller.enqueue(new TextEncoder().encode(piece));
    },
  });
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
