import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { findCycles } from "../../core/plan/circle.ts";
import { buildGraph, criticalPath } from "../../core/plan/graph.ts";

/** `["a", "b<a"]`: task `b` needs `a`. */
function tasks(...lines: string[]) {
  return lines.map((line) => {
    const [id = "", deps = ""] = line.split("<");
    return { id, deps: deps.split(",").filter(Boolean) };
  });
}

function chain(length: number) {
  return Array.from({ length }, (_, i) => ({ id: `t${i}`, deps: i === 0 ? [] : [`t${i - 1}`] }));
}

describe("a graph", () => {
  test("puts dependencies first and otherwise keeps the plan's order", () => {
    const graph = buildGraph(tasks("e2e<ui,api", "ui<schema", "docs", "schema", "api<schema"));

    expect(graph.order).toEqual([2, 3, 1, 4, 0]);
    expect(graph.waves).toEqual([[2, 3], [1, 4], [0]]);
    expect(graph.deps[0]).toEqual([1, 4]);
    expect(graph.dependents[3]).toEqual([1, 4]);
  });

  test("of any plan holds every task once, after what it needs", () => {
    const plan = fc.array(fc.array(fc.nat(), { maxLength: 4 }), { maxLength: 40 }).map((rows) =>
      rows.map((row, i) => ({
        id: `t${i}`,
        deps: i === 0 ? [] : [...new Set(row.map((number) => `t${number % i}`))],
      })),
    );

    fc.assert(
      fc.property(plan, (list) => {
        const { order, deps } = buildGraph(list);
        const placeOf = new Map(order.map((position, place) => [position, place]));
        expect(placeOf.size).toBe(list.length);
        for (const [position, needs] of deps.entries()) {
          for (const dep of needs) expect(placeOf.get(dep)!).toBeLessThan(placeOf.get(position)!);
        }
      }),
      { numRuns: 200 },
    );
  });

  test("takes a chain of 10,000 tasks", () => {
    const graph = buildGraph(chain(10_000));

    expect(graph.waves.length).toBe(10_000);
    expect(criticalPath(graph, () => 1).path.length).toBe(10_000);
  });

  test("takes 10,000 tasks that need nothing and one that needs all", () => {
    const wide = Array.from({ length: 10_000 }, (_, i) => ({ id: `t${i}`, deps: [] as string[] }));
    const graph = buildGraph([{ id: "last", deps: wide.map(({ id }) => id) }, ...wide]);

    expect(graph.waves.map((wave) => wave.length)).toEqual([10_000, 1]);
    expect(graph.order.slice(0, 2)).toEqual([1, 2]);
    expect(graph.order.at(-1)).toBe(0);
  });

  test("refuses a circle as a bug", () => {
    expect(() => buildGraph(tasks("a<b", "b<a"))).toThrow("a plan with a circle was not refused");
  });
});

describe("the critical path", () => {
  test("is the heaviest way, and each priority the heaviest way to an end", () => {
    const graph = buildGraph(tasks("a", "b<a", "c<a", "d<b,c", "e"));
    const weights = [1, 2, 5, 1, 6];

    const { path, priority } = criticalPath(graph, (position) => weights[position]!);

    expect(priority).toEqual([7, 3, 6, 1, 6]);
    expect(path).toEqual([0, 2, 3]);
  });

  test("of no tasks is empty", () => {
    expect(criticalPath(buildGraph([]), () => 1)).toEqual({ priority: [], path: [] });
  });
});

describe("circles", () => {
  test("are named whole, each one once", () => {
    expect(findCycles([[1], [2], [0], [4, 0], [3], [3], []])).toEqual([
      [0, 1, 2],
      [3, 4],
    ]);
  });

  test("are as short as they can be", () => {
    expect(findCycles([[1, 3], [2], [3], [0]])).toEqual([[0, 3]]);
  });

  test("of one task count", () => {
    expect(findCycles([[], [1]])).toEqual([[1]]);
  });

  test("of 10,000 tasks are found", () => {
    const arrows = Array.from({ length: 10_000 }, (_, i) => [(i + 1) % 10_000]);

    expect(findCycles(arrows)[0]?.length).toBe(10_000);
  });

  test("are found in a graph exactly when no order exists", () => {
    const arrows = fc
      .array(fc.array(fc.nat(), { maxLength: 2 }), { minLength: 1, maxLength: 12 })
      .map((rows) => rows.map((row) => row.map((number) => number % rows.length)));

    fc.assert(
      fc.property(arrows, (deps) => {
        const circles = findCycles(deps);
        for (const circle of circles) {
          for (const [i, from] of circle.entries()) {
            expect(deps[from]).toContain(circle[(i + 1) % circle.length]!);
          }
        }
        expect(circles.length === 0).toBe(hasOrder(deps));
      }),
      { numRuns: 500 },
    );
  });
});

function hasOrder(deps: readonly (readonly number[])[]): boolean {
  const left = new Set(deps.keys());
  for (let before = -1; before !== left.size; ) {
    before = left.size;
    for (const each of left) if (!deps[each]!.some((dep) => left.has(dep))) left.delete(each);
  }
  return left.size === 0;
}
