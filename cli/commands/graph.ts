import { assert } from "../../core/assert.ts";
import { ExitCode } from "../../core/error.ts";
import { buildGraph } from "../../core/plan/graph.ts";
import { findPlace } from "../../core/workspace/place.ts";
import type { CommandBody } from "../command.ts";
import { text } from "../option.ts";
import { openPlan } from "../plan-input.ts";
import {
  type GraphView,
  graphDot,
  graphJson,
  graphMermaid,
  graphText,
  viewGraph,
} from "../view/graph.ts";

/** `ra graph PLAN --format FORMAT`: the tasks in the order of their waves, on standard output. */
export const run: CommandBody = async ({ terminal, args, options }) => {
  const draw = formats[text(options, "format") ?? "text"];
  assert(draw, "the argument layer let an unknown format pass");
  const { cwd, env } = terminal;
  const { plan } = await openPlan(args[0] ?? "-", { cwd, env, root: findPlace(cwd).root });
  terminal.out(draw(viewGraph(plan, buildGraph(plan.tasks)), terminal.columns));
  return ExitCode.ok;
};

const formats: { readonly [format: string]: (view: GraphView, columns: number) => string } = {
  text: graphText,
  mermaid: graphMermaid,
  dot: graphDot,
  json: graphJson,
};
