import { Graph as Layout, layout } from "@dagrejs/dagre";
import { useMemo } from "preact/hooks";
import { useLocation } from "preact-iso";
import type { RunState, TaskState } from "../../../core/run/state.ts";
import { reasonOf, signOf, toneOf } from "./words.tsx";

/** The size of a task, in pixels: two side by side must fit on a phone. */
const [widthWide, widthNarrow, height] = [170, 154, 46] as const;

/** Tasks that are laid out; of a greater plan those are left out that have ended. */
const tasksMax = 300;

interface Placed {
  readonly width: number;
  readonly height: number;
  readonly nodeWidth: number;
  readonly nodes: readonly { readonly id: string; readonly x: number; readonly y: number }[];
  readonly edges: readonly { readonly name: string; readonly path: string }[];
}

/** The tasks as they wait for each other: from left to right, on a narrow page from top to bottom. */
export function Graph({ state }: { readonly state: RunState }) {
  const isNarrow = matchMedia("(max-width: 700px)").matches;
  const tasks = shownOf(state);
  const names = tasks.map(({ task }) => task.id).join(" ");
  // Only which tasks there are moves them.
  const placed = useMemo(() => place(tasks, isNarrow ? "TB" : "LR"), [state.id, names, isNarrow]);
  const left = state.tasks.size - tasks.length;
  return (
    <>
      <div class="graph">
        <svg
          width={placed.width}
          height={placed.height}
          viewBox={`0 0 ${placed.width} ${placed.height}`}
        >
          <title>the tasks of the run</title>
          {placed.edges.map(({ name, path }) => (
            <path key={name} class="edge" d={path} />
          ))}
          {placed.nodes.map(({ id, x, y }) => (
            <Node key={id} state={state} id={id} x={x} y={y} width={placed.nodeWidth} />
          ))}
        </svg>
      </div>
      {left === 0 ? null : <p class="facts">{left} tasks that have ended are left out.</p>}
    </>
  );
}

function Node({
  state,
  id,
  x,
  y,
  width,
}: {
  readonly state: RunState;
  readonly id: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
}) {
  const { route } = useLocation();
  const task = state.tasks.get(id);
  if (task === undefined) return null;
  const { status } = task;
  const again = task.attempts.length > 1 ? `, try ${task.attempts.length}` : "";
  const href = `/r/${state.id}/t/${id}`;
  const said = reasonOf(task) || task.task.description;
  return (
    <a
      href={href}
      aria-label={`${id}: ${status}`}
      data-item
      onClick={(event) => {
        // The router takes links of HTML alone, and none that is to open elsewhere.
        const { ctrlKey, metaKey, altKey, shiftKey, button } = event;
        if (ctrlKey || metaKey || altKey || shiftKey || button !== 0) return;
        event.preventDefault();
        route(href);
      }}
    >
      <title>{`${id}: ${status}\n${said}`}</title>
      <rect
        class={`node ${toneOf(status)}`}
        x={x - width / 2}
        y={y - height / 2}
        width={width}
        height={height}
        rx="8"
      />
      <text class="name" x={x - width / 2 + 12} y={y - 4}>
        {short(id, 19)}
      </text>
      <text class="state" x={x - width / 2 + 12} y={y + 14}>
        {short(`${signOf(status)} ${status.replace("-", " ")}${again}`, 22)}
      </text>
    </a>
  );
}

function shownOf({ tasks }: RunState): readonly TaskState[] {
  const all = [...tasks.values()];
  if (all.length <= tasksMax) return all;
  return all.filter(({ finishedAt }) => finishedAt === null).slice(0, tasksMax);
}

function place(tasks: readonly TaskState[], direction: "LR" | "TB"): Placed {
  const width = direction === "LR" ? widthWide : widthNarrow;
  const graph = new Layout();
  graph.setGraph({ rankdir: direction, nodesep: 14, ranksep: 42, marginx: 8, marginy: 8 });
  graph.setDefaultEdgeLabel(() => ({}));
  const names = new Set(tasks.map(({ task }) => task.id));
  for (const id of names) graph.setNode(id, { width, height });
  for (const { task } of tasks) {
    for (const dep of task.deps) if (names.has(dep)) graph.setEdge(dep, task.id);
  }
  layout(graph);
  const whole = graph.graph() as { width?: number; height?: number };
  return {
    width: Math.ceil(whole.width ?? 0),
    height: Math.ceil(whole.height ?? 0),
    nodeWidth: width,
    nodes: [...names].map((id) => {
      const { x, y } = graph.node(id) as { x: number; y: number };
      return { id, x, y };
    }),
    edges: graph.edges().map((edge) => {
      const { points = [] } = graph.edge(edge) as { points?: { x: number; y: number }[] };
      const path = points.map(
        ({ x, y }, i) => `${i === 0 ? "M" : "L"}${Math.round(x)} ${Math.round(y)}`,
      );
      return { name: `${edge.v} ${edge.w}`, path: path.join("") };
    }),
  };
}

function short(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max - 1)}…`;
}
