import { landSchema, read, retrySchema, rollbackSchema } from "./asks.ts";
import type { CommandProcesses } from "./commanding.ts";
import type { Operations } from "./operations.ts";
import { get, json, post, type Route } from "./route.ts";

interface Parts {
  readonly operations: Operations;
  readonly commands: Pick<CommandProcesses, "begin" | "finish">;
}

/** What a command of `ra` does that works on a run by itself, since nothing drives that run. */
export function commandRoutes(parts: Parts): readonly Route[] {
  const { operations, commands } = parts;
  return [
    {
      ...post(
        "/api/runs/:id/resume",
        "Goes on with a run that was stopped or broke off, as `ra resume --wait` does.",
        async ({ params }) => {
          const run = operations.runId(params.id ?? "");
          await commands.begin("resume", run, "--wait");
          return { run };
        },
      ),
      isSlow: true,
    },
    retryRoute(parts),
    {
      method: "POST",
      path: "/api/runs/:id/land",
      about: "Lands what a run kept beside its target, or one task of it, as `ra land` does.",
      body: landSchema,
      isSlow: true,
      answers: { 200: "It has landed. Checks run first, which may take long." },
      run: async ({ params, body }) => {
        const { task } = read(landSchema, body ?? {});
        const run = operations.runId(params.id ?? "");
        await commands.finish("land", addressOf(run, task));
        return json({ run, task: task ?? null });
      },
    },
    previewRoute(parts, "/api/runs/:id/rollback", "What a rollback of a run would take back"),
    previewRoute(
      parts,
      "/api/runs/:id/tasks/:task/rollback",
      "What a rollback of a task would take back",
    ),
    rollbackRoute(parts),
  ];
}

function retryRoute({ operations, commands }: Parts): Route {
  return {
    method: "POST",
    path: "/api/runs/:id/retry",
    about: "Tries anew what failed in a run, or one task of it, as `ra retry --wait` does.",
    body: retrySchema,
    isSlow: true,
    answers: { 200: "The run goes on." },
    run: async ({ params, body }) => {
      const { task } = read(retrySchema, body ?? {});
      const run = operations.runId(params.id ?? "");
      await commands.begin("retry", addressOf(run, task), "--wait");
      return json({ run, task: task ?? null });
    },
  };
}

/** It changes nothing: the commits that it tries out stand on no branch. */
function previewRoute({ operations, commands }: Parts, path: string, about: string): Route {
  return {
    ...get(path, `${about}, as \`ra rollback --dry-run\` tells it.`, async ({ params }) => {
      const run = operations.runId(params.id ?? "");
      const address = addressOf(run, params.task);
      const { target, tip, commits } = await commands.finish("rollback", address, "--dry-run");
      return { run, task: params.task ?? null, target, tip, commits };
    }),
    isSlow: true,
  };
}

function rollbackRoute({ operations, commands }: Parts): Route {
  return {
    method: "POST",
    path: "/api/runs/:id/rollback",
    about: "Takes the commits of a run back, or that of one task of it, as `ra rollback` does.",
    body: rollbackSchema,
    isSlow: true,
    answers: { 200: "They are taken back. Checks run first, which may take long." },
    run: async ({ params, body }) => {
      const { task } = read(rollbackSchema, body ?? {});
      const run = operations.runId(params.id ?? "");
      const told = await commands.finish("rollback", addressOf(run, task));
      const { target, from, to, tasks } = told;
      return json({ run, task: task ?? null, target, from, to, tasks });
    },
  };
}

function addressOf(run: string, task: string | undefined): string {
  return task === undefined ? run : `${run}/${task}`;
}
