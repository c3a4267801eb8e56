import { ExitCode } from "../../core/error.ts";
import { jsonText } from "../../core/plain-text.ts";
import { buildGraph } from "../../core/plan/graph.ts";
import { findPlace } from "../../core/workspace/place.ts";
import type { CommandBody } from "../command.ts";
import { flag } from "../option.ts";
import { openPlan } from "../plan-input.ts";

/** `ra check PLAN`: exit code 0 when the plan is valid, else 2 with every problem. */
export const run: CommandBody = async ({ terminal, args, options }) => {
  const path = args[0] ?? "-";
  const { cwd, env } = terminal;
  const { plan } = await openPlan(path, { cwd, env, root: findPlace(cwd).root });
  const tasks = plan.tasks.length;
  const waves = buildGraph(plan.tasks).waves.length;
  const name = path === "-" ? "standard input" : path;
  terminal.out(
    flag(options, "json")
      ? `${jsonText({ v: 1, ok: true, name: plan.name, tasks, waves })}\n`
      : `${name} is valid: ${count(tasks, "task")} in ${count(waves, "wave")}\n`,
  );
  return ExitCode.ok;
};

function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? "" : "s"}`;
}
