import { assert } from "../assert.ts";
import { Heap } from "../heap.ts";
import type { Arrows } from "./circle.ts";
import type { Task } from "./plan.ts";

/** Tasks in order. Every number is a position in the plan. */
export interface Graph {
  /** What each task waits for. */
  readonly deps: Arrows;
  /** What waits for each task. */
  readonly dependents: Arrows;
  /** Dependencies first, otherwise as in the plan. This is the order of commits. */
  readonly order: readonly number[];
  /** Groups of tasks whose dependencies are all in groups before, each as early as can be. */
  readonly waves: readonly (readonly number[])[];
}

/** Builds the graph of tasks whose dependencies all exist and form no circle. */
export function buildGraph(tasks: readonly Pick<Task, "id" | "deps">[]): Graph {
  const positions = new Map(tasks.map((task, position) => [task.id, position]));
  const deps = tasks.map((task) =>
    task.deps.map((id) => {
      const position = positions.get(id);
      assert(position !== undefined, `task ${task.id} needs ${id}, which does not exist`);
      return position;
    }),
  );
  const dependents: number[][] = tasks.map(() => []);
  for (const [position, list] of deps.entries()) {
    for (const dep of list) dependents[dep]!.push(position);
  }
  const order = sortTopologically(deps, dependents);
  assert(order.length === tasks.length, "a plan with a circle was not refused");
  return { deps, dependents, order, waves: groupByDepth(deps, order) };
}

/** For each position the weight of the longest way from it to an end, its own included, and the heaviest way of all. */
export function criticalPath(
  graph: Graph,
  weightOf: (position: number) => number,
): { readonly priority: readonly number[]; readonly path: readonly number[] } {
  const priority = new Array<number>(graph.order.length).fill(0);
  const heaviest = (positions: readonly number[]): number | undefined => {
    let best = positions[0];
    for (const each of positions) if (priority[each]! > priority[best!]!) best = each;
    return best;
  };
  for (const position of graph.order.toReversed()) {
    const next = heaviest(graph.dependents[position]!);
    priority[position] = weightOf(position) + (next === undefined ? 0 : priority[next]!);
  }
  const path: number[] = [];
  let at = heaviest(graph.order);
  while (at !== undefined) {
    path.push(at);
    at = heaviest(graph.dependents[at]!);
  }
  return { priority, path };
}

/** Kahn's algorithm; of those that are ready, the one that stands first in the plan comes first. */
function sortTopologically(deps: Arrows, dependents: Arrows): readonly number[] {
  const unmet = deps.map((list) => list.length);
  const ready = new Heap<number>((a, b) => a < b);
  for (const [position, count] of unmet.entries()) if (count === 0) ready.push(position);
  const order: number[] = [];
  for (let position = ready.pop(); position !== undefined; position = ready.pop()) {
    order.push(position);
    for (const next of dependents[position]!) {
      unmet[next]! -= 1;
      if (unmet[next] === 0) ready.push(next);
    }
  }
  return order;
}

function groupByDepth(deps: Arrows, order: readonly number[]): readonly (readonly number[])[] {
  const depth = new Int32Array(deps.length);
  const waves: number[][] = [];
  for (const position of order) {
    let deepest = -1;
    for (const dep of deps[position]!) deepest = Math.max(deepest, depth[dep]!);
    depth[position] = deepest + 1;
  }
  for (const [position, level] of depth.entries()) {
    waves[level] ??= [];
    waves[level].push(position);
  }
  return waves;
}
