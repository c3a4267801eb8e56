import { blanked, jsonText } from "../../core/plain-text.ts";
import { criticalPath, type Graph } from "../../core/plan/graph.ts";
import type { Plan, Task } from "../../core/plan/plan.ts";

/** What stands in for the difficulty of a task that has none. */
const difficultyDefault = 5;

/** A plan with its graph and the positions on its critical path, by difficulty. */
export interface GraphView {
  readonly plan: Plan;
  readonly graph: Graph;
  readonly critical: readonly number[];
}

/** Prepares a plan for the four formats. */
export function viewGraph(plan: Plan, graph: Graph): GraphView {
  const weightOf = (position: number): number =>
    plan.tasks[position]!.difficulty ?? difficultyDefault;
  return { plan, graph, critical: criticalPath(graph, weightOf).path };
}

/** Waves with what each task needs, and the critical path, in at most `columns` columns. */
export function graphText({ plan, graph, critical }: GraphView, columns: number): string {
  const idOf = (position: number): string => plan.tasks[position]!.id;
  const width = `wave ${graph.waves.length}`.length;
  const lines = graph.waves.flatMap((wave, i) => {
    const cells = wave.map((position) => {
      const deps = graph.deps[position]!.map(idOf);
      return deps.length === 0 ? idOf(position) : `${idOf(position)} ← ${deps.join(", ")}`;
    });
    return wrap(`wave ${i + 1}`.padEnd(width), cells, "   ", columns);
  });
  const path = wrap("critical path", critical.map(idOf), " → ", columns);
  return `${[...lines, "", ...path].join("\n")}\n`;
}

/** A flowchart for Mermaid; the critical path is drawn thick. */
export function graphMermaid({ plan, graph, critical }: GraphView): string {
  const nodes = plan.tasks.map((task) => `  t${task.position}["${escapeMermaid(labelOf(task))}"]`);
  const next = stepsOf(critical);
  const edges = edgesOf(graph).map(([from, to]) => {
    return `  t${from} ${next.get(from) === to ? "==>" : "-->"} t${to}`;
  });
  return `${["flowchart LR", ...nodes, ...edges].join("\n")}\n`;
}

/** A digraph for Graphviz; the critical path is bold. */
export function graphDot({ plan, graph, critical }: GraphView): string {
  const nodes = plan.tasks.map(
    (task) => `  t${task.position} [label="${escapeDot(labelOf(task))}"];`,
  );
  const next = stepsOf(critical);
  const edges = edgesOf(graph).map(([from, to]) => {
    return `  t${from} -> t${to}${next.get(from) === to ? " [style=bold]" : ""};`;
  });
  const head = ["digraph plan {", "  rankdir=LR;", "  node [shape=box];"];
  return `${[...head, ...nodes, ...edges, "}"].join("\n")}\n`;
}

/** One JSON object: tasks with deps and wave from 1, the order of commits, the critical path. */
export function graphJson({ plan, graph, critical }: GraphView): string {
  const idOf = (position: number): string => plan.tasks[position]!.id;
  const waveOf = new Map(graph.waves.flatMap((wave, i) => wave.map((each) => [each, i + 1])));
  const tasks = plan.tasks.map(({ id, position, description, runner, deps }) => {
    return { id, description, runner, deps, wave: waveOf.get(position) };
  });
  const order = graph.order.map(idOf);
  const waves = graph.waves.map((wave) => wave.map(idOf));
  const value = { v: 1, name: plan.name, tasks, waves, order, criticalPath: critical.map(idOf) };
  return `${jsonText(value)}\n`;
}

function edgesOf(graph: Graph): readonly (readonly [number, number])[] {
  return graph.deps.flatMap((deps, to) => deps.map((from) => [from, to] as const));
}

/** For each position on a path, the one after it. */
function stepsOf(path: readonly number[]): ReadonlyMap<number, number | undefined> {
  return new Map(path.map((position, i) => [position, path[i + 1]]));
}

function wrap(
  head: string,
  cells: readonly string[],
  between: string,
  columns: number,
): readonly string[] {
  const lines: string[] = [];
  let line = `${head}   `;
  for (const [i, cell] of cells.entries()) {
    const text = i === cells.length - 1 ? cell : cell + between;
    const isFull = line.trim() !== "" && Bun.stringWidth((line + text).trimEnd()) > columns;
    if (isFull && (lines.length > 0 || i > 0)) {
      lines.push(line.trimEnd());
      line = " ".repeat(head.length + 3);
    }
    line += text;
  }
  return [...lines, line.trimEnd()];
}

function labelOf({ id, description }: Task): string {
  const units = [...description];
  const short = units.length > 60 ? `${units.slice(0, 59).join("")}…` : description;
  return short === id ? id : `${id}: ${short}`;
}

/** Everything that Markdown, HTML or Mermaid could read as its own becomes a character code. */
function escapeMermaid(text: string): string {
  return text.replace(/[^\p{L}\p{N} .,:_…-]/gu, (unit) => `#${unit.codePointAt(0)};`);
}

function escapeDot(text: string): string {
  return blanked(text).replace(/["\\]/g, "\\$&");
}
