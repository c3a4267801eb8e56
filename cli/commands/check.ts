import { ExitCode } from "../../core/error.ts";
import { jsonText, oneLine } from "../../core/plain-text.ts";
import { buildGraph } from "../../core/plan/graph.ts";
import { sessionWarnings } from "../../core/plan/session-warnings.ts";
import { findPlace } from "../../core/workspace/place.ts";
import type { CommandBody } from "../command.ts";
import { flag } from "../option.ts";
import { openPlan } from "../plan-input.ts";
import { loadRunners } from "../runners.ts";

/** `ra check PLAN`: exit code 0 when the plan is valid, else 2 with every problem. */
export const run: CommandBody = async ({ terminal, args, options }) => {
  const path = args[0] ?? "-";
  const { cwd, env } = terminal;
  const { plan, config } = await openPlan(path, { cwd, env, root: findPlace(cwd).root });
  // Most plans ask nothing that only the runners can tell.
  const isAsked = plan.tasks.some(({ continueSession }) => continueSession);
  const runners = isAsked ? await loadRunners(plan, config, env, cwd) : new Map();
  const warnings = sessionWarnings(plan, runners);
  const told = warnings.length === 0 ? {} : { warnings };
  const tasks = plan.tasks.length;
  const waves = buildGraph(plan.tasks).waves.length;
  const name = path === "-" ? "standard input" : path;
  terminal.out(
    flag(options, "json")
      ? `${jsonText({ v: 1, ok: true, name: plan.name, tasks, waves, ...told })}\n`
      : `${name} is valid: ${count(tasks, "task")} in ${count(waves, "wave")}\n`,
  );
  if (!flag(options, "json"))
    for (const warning of warnings) terminal.err(`warning: ${oneLine(warning)}\n`);
  return ExitCode.ok;
};

function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? "" : "s"}`;
}
