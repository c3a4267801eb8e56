import { landSchema, read } from "./asks.ts";
import type { CommandProcesses } from "./commanding.ts";
import type { Operations } from "./operations.ts";
import { json, post, type Route } from "./route.ts";

/** What a command of `ra` does that works on a run by itself, since nothing drives that run. */
export function commandRoutes(
  operations: Operations,
  commands: Pick<CommandProcesses, "begin">,
): readonly Route[] {
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
        await commands.begin("land", task === undefined ? run : `${run}/${task}`);
        return json({ run, task: task ?? null });
      },
    },
  ];
}
