import type { AgentDesk } from "./agent-desk.ts";
import {
  answerSchema,
  batchSchema,
  dispatchSchema,
  read,
  readAsk,
  readBatch,
  sessionSchema,
  stopSchema,
} from "./asks.ts";
import { commandRoutes } from "./command-routes.ts";
import type { CommandProcesses } from "./commanding.ts";
import type { CronDesk } from "./cron.ts";
import { eventStream, placeOf } from "./event-stream.ts";
import type { Feed } from "./feed.ts";
import type { Inspection } from "./inspection.ts";
import type { Accepted } from "./intake.ts";
import { openApi } from "./openapi.ts";
import { batchView, type Operations, requestView } from "./operations.ts";
import { pageRoutes } from "./pages.ts";
import { Refusal } from "./refusal.ts";
import { type Answer, get, json, post, type Route } from "./route.ts";
import { invitation, type Sessions } from "./sessions.ts";
import { taskRoutes } from "./task-routes.ts";

/** What the routes work on. */
export interface RouteParts {
  readonly operations: Operations;
  readonly inspection: Inspection;
  readonly feed: Feed;
  readonly version: string;
  readonly sessions: Sessions;
  readonly commands: Pick<CommandProcesses, "begin" | "finish">;
  readonly cron: Pick<CronDesk, "view">;
  readonly agents: Pick<AgentDesk, "view">;
  /** Where pages are. */
  readonly pageUrl: () => string;
  /** All that is counted, in the text form of Prometheus. */
  metrics(): string;
}

/** Everything that can be asked for over HTTP. */
export function routesOf(parts: RouteParts): readonly Route[] {
  const routes: Route[] = [
    ...requestRoutes(parts),
    ...runRoutes(parts),
    ...commandRoutes(parts),
    ...taskRoutes(parts.inspection),
    ...sessionRoutes(parts),
    ...pageRoutes(),
    {
      method: "GET",
      path: "/healthz",
      about: "Whether the gateway is up.",
      answers: { 200: "It is." },
      run: () => json({ ok: true, version: parts.version }),
    },
    {
      method: "GET",
      path: "/metrics",
      about: "Figures for Prometheus.",
      answers: { 200: "Figures in its text form." },
      run: () => ({ status: 200, text: parts.metrics(), type: "text/plain; version=0.0.4" }),
    },
    {
      method: "GET",
      path: "/openapi.json",
      about: "This document.",
      answers: { 200: "The OpenAPI document." },
      run: () => json(openApi(routes, parts.version)),
    },
  ];
  return routes;
}

function requestRoutes({ operations, cron, agents }: RouteParts): readonly Route[] {
  return [
    {
      method: "POST",
      path: "/api/dispatch",
      about: "Asks for a named plan, or in words of your own where prompts are open.",
      body: dispatchSchema,
      takesKey: true,
      answers: { 202: "It is accepted.", 200: "It was accepted before, under the same key." },
      run: ({ body, origin, headers }) => {
        const accepted = operations.dispatch(readAsk(body), origin, keyOf(headers));
        const [request] = accepted.requests;
        return acceptance(accepted, request === undefined ? {} : requestView(request));
      },
    },
    {
      method: "POST",
      path: "/api/batch",
      about: "Asks for several things at once. All are accepted, or none.",
      body: batchSchema,
      takesKey: true,
      answers: { 202: "They are accepted.", 200: "They were accepted before, under the same key." },
      run: ({ body, origin, headers }) => {
        const accepted = operations.dispatchAll(readBatch(body), origin, keyOf(headers));
        const batch = accepted.requests[0]?.batch ?? "";
        return acceptance(accepted, batchView(batch, accepted.requests));
      },
    },
    get(
      "/api/batches/:id",
      "A batch: every request of it as it stands, or has ended.",
      ({ params }) => operations.batch(params.id ?? ""),
    ),
    get("/api/requests/:id", "One request.", ({ params }) => operations.request(params.id ?? "")),
    post(
      "/api/requests/:id/cancel",
      "Ends a request, whether it waits or runs.",
      ({ params, origin }) => operations.cancel(params.id ?? "", origin),
    ),
    get("/api/queue", "What waits and what runs.", () => operations.queue()),
    get(
      "/api/plans",
      "Plans that may be asked for by name; whether prompts may be sent.",
      (call) => ({
        ...operations.plans(),
        prompts: operations.takesPrompts(call.origin.source),
      }),
    ),
    get("/api/cron", "Schedules: when they come next, and what they missed.", () => cron.view()),
    get("/api/agents", "Agents, as `ra agents --json` tells them, asked every 30 s at most.", () =>
      agents.view(),
    ),
  ];
}

function runRoutes({ operations, feed }: RouteParts): readonly Route[] {
  return [
    get("/api/questions", "What agents wait for, the oldest first.", () => operations.questions()),
    {
      method: "POST",
      path: "/api/questions/:id/answer",
      about: "Answers a question. The first answer counts, by whichever way it comes.",
      body: answerSchema,
      answers: { 200: "It is answered." },
      run: async ({ params, body, origin }) => {
        const { answer } = read(answerSchema, body);
        return json(await operations.answer(params.id ?? "", answer, origin));
      },
    },
    get("/api/processes", "Live processes, as in `processes.json`.", () => operations.processes()),
    {
      ...get("/api/runs", "The newest runs, 200 at a time.", ({ ids }) =>
        operations.runs(ids.before),
      ),
      ids: { before: "The `next` of the page before this one: the runs behind that one are told." },
    },
    get(
      "/api/runs/:id",
      "One run, as `ra show --json` tells it, and whether it has ended or a living `ra` drives it.",
      ({ params }) => operations.run(params.id ?? ""),
    ),
    post("/api/runs/:id/continue", "Lets a run that waits go on.", ({ params, origin }) =>
      operations.continue(params.id ?? "", origin),
    ),
    {
      method: "POST",
      path: "/api/runs/:id/stop",
      about: "Ends a run, or one task of it. Its work is kept.",
      body: stopSchema,
      answers: { 200: "It is being ended." },
      run: async ({ params, body, origin }) => {
        const { task = null } = read(stopSchema, body ?? {});
        return json(await operations.stop(params.id ?? "", task, origin));
      },
    },
    {
      method: "GET",
      path: "/api/events",
      about: "Events of all runs as they happen, from now on or behind `Last-Event-ID`.",
      answers: { 200: "Server-sent events." },
      run: ({ headers }) => stream(feed, headers, null),
    },
    {
      method: "GET",
      path: "/api/runs/:id/events",
      about: "Events of one run, from its first one on or behind `Last-Event-ID`.",
      answers: { 200: "Server-sent events." },
      run: ({ headers, params }) => stream(feed, headers, operations.runId(params.id ?? "")),
    },
  ];
}

function sessionRoutes({ sessions, pageUrl }: RouteParts): readonly Route[] {
  return [
    post(
      "/api/invitations",
      "A link that lets a page in: it works once, within five minutes.",
      () => ({ url: invitation(pageUrl(), sessions) }),
    ),
    {
      method: "POST",
      path: "/api/sessions",
      about:
        "Exchanges the code of an invitation for a token of twelve hours. For pages of this host alone.",
      body: sessionSchema,
      forGuests: true,
      answers: { 200: "The token." },
      run: ({ body }) => {
        const token = sessions.redeem(read(sessionSchema, body).code);
        if (token !== null) return json({ token });
        throw new Refusal(403, "INVITATION_REFUSED", "this invitation has ended, or was used", {
          hint: "ask for another one with `POST /api/invitations`",
        });
      },
    },
  ];
}

function stream(feed: Feed, headers: Headers, run: string | null): Answer {
  const place = placeOf(headers.get("last-event-id")) ?? (run === null ? feed.end : 0);
  return { status: 200, stream: eventStream(feed, place, run) };
}

function acceptance({ known, requests }: Accepted, value: object): Answer {
  const request = requests.map(({ id }) => id).join(" ");
  return { status: known ? 200 : 202, json: { v: 1, ...value }, request };
}

/** What a sender knows its request by. */
function keyOf(headers: Headers): string | null {
  const key = headers.get("idempotency-key");
  if (key === null || /^[\x21-\x7e]{1,200}$/.test(key)) return key;
  throw new Refusal(400, "BAD_KEY", "`Idempotency-Key` must be 1 to 200 visible characters");
}
