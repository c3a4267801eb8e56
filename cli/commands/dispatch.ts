import { ExitCode } from "../../core/error.ts";
import { buildGraph } from "../../core/plan/graph.ts";
import { findPlace } from "../../core/workspace/place.ts";
import type { CommandBody, Options, Terminal } from "../command.ts";
import { concurrencyOf } from "../config.ts";
import { prepareRun, type RunOrder, startRun } from "../drive.ts";
import { flag, list, text } from "../option.ts";
import { paceOf } from "../pace.ts";
import { type OpenPlan, openPlan } from "../plan-input.ts";
import { withBudgets } from "../raised-budget.ts";
import { selectTasks } from "../selection.ts";
import { graphText, viewGraph } from "../view/graph.ts";

/** `ra dispatch PLAN`: reads the plan, checks everything that can be checked, runs it. */
export const run: CommandBody = async ({ terminal, args, options }) => {
  const [path = ""] = args;
  const opened = await openPlan(path, {
    cwd: terminal.cwd,
    root: findPlace(terminal.cwd).root,
    env: terminal.env,
    flags: { concurrency: text(options, "concurrency") },
  });
  const selected = selectTasks(opened.plan, list(options, "only"));
  const plan = withBudgets(selected, list(options, "budget"));
  const order = orderOf({ ...opened, plan }, terminal, options);
  const prepared = await prepareRun(order);
  if (flag(options, "dryRun")) {
    const view = viewGraph(plan, buildGraph(plan.tasks));
    terminal.out(graphText(view, terminal.columns));
    return ExitCode.ok;
  }
  return startRun(order, prepared);
};

function orderOf(opened: OpenPlan, terminal: Terminal, options: Options): RunOrder {
  const { plan, config, path: planPath } = opened;
  const dispatchFile = plan.format === "dispatch" ? planPath : null;
  return {
    terminal,
    config,
    plan,
    planPath,
    concurrency: concurrencyOf(config, plan),
    target: text(options, "target") ?? plan.target,
    base: text(options, "base") ?? plan.base,
    json: flag(options, "json"),
    ...paceOf(terminal, options, { mode: plan.mode, dispatchFile }),
  };
}
