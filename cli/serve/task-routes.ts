import type { Inspection, LogOf } from "./inspection.ts";
import { Refusal } from "./refusal.ts";
import { type Call, get, json, type Route } from "./route.ts";

const attemptPath = "/api/runs/:id/tasks/:task/attempts/:attempt";
const offset = { offset: "The first byte; below zero it counts from the end. Default 0." };

/** What can be asked of the tasks of runs, and of what they changed and printed. */
export function taskRoutes(inspection: Inspection): readonly Route[] {
  return [
    get("/api/runs/:id/diff", "What a run changed, as `ra diff --json` tells it.", ({ params }) =>
      inspection.diff(params.id ?? "", null, null),
    ),
    get(
      "/api/runs/:id/tasks/:task",
      "One task with its attempts, as `ra show --json` tells it.",
      ({ params }) => inspection.task(params.id ?? "", params.task ?? ""),
    ),
    get("/api/runs/:id/tasks/:task/diff", "What a task changed.", ({ params }) =>
      inspection.diff(params.id ?? "", params.task ?? "", null),
    ),
    get(`${attemptPath}/diff`, "What one attempt left.", ({ params }) =>
      inspection.diff(params.id ?? "", params.task ?? "", number(params.attempt)),
    ),
    logRoute(inspection, `${attemptPath}/log`, "What an attempt printed", () => "output"),
    logRoute(inspection, `${attemptPath}/prompt`, "What its agent was told", () => "prompt"),
    logRoute(
      inspection,
      `${attemptPath}/checks/:try/log`,
      "What a try of its check printed",
      (params) => ({ check: number(params.try) }),
    ),
  ];
}

function logRoute(
  inspection: Inspection,
  path: string,
  about: string,
  of: (params: Call["params"]) => LogOf,
): Route {
  const run = async ({ params, query }: Call) =>
    json(
      await inspection.log(params.id ?? "", {
        task: params.task ?? "",
        attempt: number(params.attempt),
        of: of(params),
        offset: query.offset ?? 0,
      }),
    );
  const said = `${about}, from \`offset\` on; \`next\` is where to go on.`;
  return { method: "GET", path, about: said, query: offset, answers: { 200: "It is told." }, run };
}

/** Attempts and tries are counted from 1. */
function number(text: string | undefined): number {
  if (text !== undefined && /^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new Refusal(404, "UNKNOWN", "attempts and tries are numbers from 1 on");
}
