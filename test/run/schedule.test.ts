import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Schedulable, Schedule, type ScheduleLimits } from "../../core/run/schedule.ts";

const free: ScheduleLimits = { concurrency: 3, perRunner: {}, clash: () => null };

function task(overrides: Partial<Schedulable> = {}): Schedulable {
  return { deps: [], priority: 1, alone: false, runner: "shell", claim: "", ...overrides };
}

function takeAll(schedule: Schedule): number[] {
  const taken: number[] = [];
  for (let next = schedule.take(); next !== null; next = schedule.take()) taken.push(next);
  return taken;
}

/** Claims as sets of letters: two tasks clash when they share one. */
function clashOf(tasks: readonly Schedulable[]): ScheduleLimits["clash"] {
  return (mine, theirs) => {
    const other = tasks[theirs]?.claim ?? "";
    const shared = [...(tasks[mine]?.claim ?? "")].find((letter) => other.includes(letter));
    return shared ? { mine: shared, theirs: shared } : null;
  };
}

describe("schedule", () => {
  test("starts the longest critical path first, up to the cap", () => {
    const schedule = new Schedule(
      [task(), task({ priority: 5 }), task(), task({ priority: 3 })],
      free,
    );

    expect(takeAll(schedule)).toEqual([1, 3, 0]);
  });

  test("starts a task when the last of its dependencies is done", () => {
    const schedule = new Schedule([task(), task(), task({ deps: [0, 1] })], free);
    takeAll(schedule);

    schedule.done(0);
    const early = takeAll(schedule);
    schedule.done(1);

    expect(early).toEqual([]);
    expect(takeAll(schedule)).toEqual([2]);
  });

  test("runs a task that wants to be alone with nothing beside it", () => {
    const schedule = new Schedule([task(), task({ alone: true, priority: 1 }), task()], free);

    const first = takeAll(schedule);
    schedule.done(0);
    const second = takeAll(schedule);
    schedule.done(1);

    expect(first).toEqual([0]);
    expect(second).toEqual([1]);
    expect(takeAll(schedule)).toEqual([2]);
  });

  test("keeps overlapping claims apart and says who is in the way", () => {
    const tasks = [task({ claim: "a" }), task({ claim: "ab" }), task({ claim: "c" })];
    const schedule = new Schedule(tasks, { ...free, clash: clashOf(tasks) });

    const started = takeAll(schedule);

    expect(started).toEqual([0, 2]);
    expect(schedule.obstaclesFound()).toEqual([
      [1, { kind: "claim", by: 0, globs: { mine: "a", theirs: "a" } }],
    ]);
    expect(schedule.obstaclesFound()).toEqual([]);
  });

  test("obeys the cap of a runner and lets others pass", () => {
    const tasks = [task({ runner: "kilo" }), task({ runner: "kilo" }), task()];
    const schedule = new Schedule(tasks, { ...free, perRunner: { kilo: 1 } });

    expect(takeAll(schedule)).toEqual([0, 2]);
    schedule.done(0);
    expect(takeAll(schedule)).toEqual([1]);
  });

  test("skips everything that needs a failed task", () => {
    const tasks = [task(), task({ deps: [0] }), task({ deps: [1] }), task()];
    const schedule = new Schedule(tasks, free);
    takeAll(schedule);

    expect(schedule.fail(0)).toEqual([1, 2]);
    expect(schedule.unsettled).toBe(1);
  });

  test("a held task frees its slot and comes back when released", () => {
    const schedule = new Schedule([task(), task()], { ...free, concurrency: 1 });
    expect(takeAll(schedule)).toEqual([0]);

    schedule.hold(0);
    const meanwhile = takeAll(schedule);
    schedule.release(0);
    schedule.done(1);

    expect(meanwhile).toEqual([1]);
    expect(takeAll(schedule)).toEqual([0]);
  });

  test.each([
    ["10,000 tasks side by side", () => Array.from({ length: 10_000 }, () => task())],
    [
      "a chain of 10,000",
      () => Array.from({ length: 10_000 }, (_, i) => task({ deps: i === 0 ? [] : [i - 1] })),
    ],
    [
      "10,000 tasks that claim the same path",
      () => Array.from({ length: 10_000 }, () => task({ claim: "a" })),
    ],
    [
      "10,000 tasks on a runner with a cap of one",
      () => Array.from({ length: 10_000 }, () => task({ runner: "kilo" })),
    ],
  ])("looks at each task a bounded number of times: %s", (_name, make) => {
    const tasks = make();
    let looks = 0;
    const clash: ScheduleLimits["clash"] = (mine, theirs) => {
      looks += 1;
      return clashOf(tasks)(mine, theirs);
    };
    const schedule = new Schedule(tasks, { concurrency: 8, perRunner: { kilo: 1 }, clash });

    const order: number[] = [];
    while (schedule.unsettled > 0) {
      order.push(...takeAll(schedule));
      const [oldest] = schedule.running;
      schedule.done(oldest as number);
    }

    expect(new Set(order).size).toBe(10_000);
    expect(looks).toBeLessThan(10 * 10_000);
  });
});

/** The rule as the docstring of `Schedule` words it, from scratch each time. */
function naive(
  tasks: readonly Schedulable[],
  limits: ScheduleLimits,
  done: ReadonlySet<number>,
  away: ReadonlySet<number>,
  running: readonly number[],
): number | null {
  if (running.length >= limits.concurrency) return null;
  if (running.some((position) => tasks[position]?.alone)) return null;
  const ready = tasks
    .map((_, position) => position)
    .filter((p) => !away.has(p) && tasks[p]?.deps.every((dep) => done.has(dep)))
    .sort((a, b) => (tasks[b]?.priority ?? 0) - (tasks[a]?.priority ?? 0) || a - b);
  for (const position of ready) {
    const { alone, runner } = tasks[position] as Schedulable;
    if (alone && running.length > 0) return null;
    const same = running.filter((other) => tasks[other]?.runner === runner).length;
    if (same >= (limits.perRunner[runner] ?? Number.POSITIVE_INFINITY)) continue;
    if (running.some((other) => limits.clash(position, other))) continue;
    return position;
  }
  return null;
}

test("decides as the naive definition does, whatever happens in between", () => {
  const taskSpec = fc.record({
    deps: fc.array(fc.nat({ max: 30 }), { maxLength: 3 }),
    priority: fc.integer({ min: 1, max: 4 }),
    alone: fc.constantFrom(false, false, false, true),
    runner: fc.constantFrom("shell", "kilo"),
    claim: fc.constantFrom("", "", "a", "b", "ab", "c"),
  });
  const steps = fc.array(
    fc.tuple(fc.constantFrom("done", "fail", "again", "hold", "release"), fc.nat()),
    {
      maxLength: 80,
    },
  );
  fc.assert(
    fc.property(
      fc.array(taskSpec, { minLength: 1, maxLength: 14 }),
      steps,
      fc.integer({ min: 1, max: 4 }),
      (specs, moves, concurrency) => {
        const tasks = specs.map((spec, i) => ({
          ...spec,
          deps: [...new Set(spec.deps.filter((d) => d < i))],
        }));
        const limits = { concurrency, perRunner: { kilo: 2 }, clash: clashOf(tasks) };
        const schedule = new Schedule(tasks, limits);
        const done = new Set<number>();
        const away = new Set<number>();
        const held: number[] = [];
        const takeBoth = (): void => {
          for (;;) {
            const expected = naive(tasks, limits, done, away, [...schedule.running]);
            const actual = schedule.take();
            expect(actual).toBe(expected);
            if (actual === null) return;
            away.add(actual);
          }
        };
        takeBoth();
        for (const [move, pick] of moves) {
          const running = [...schedule.running];
          if (move === "release") {
            const position = held.splice(pick % Math.max(held.length, 1), 1)[0];
            if (position === undefined) continue;
            schedule.release(position);
            away.delete(position);
          } else {
            const position = running[pick % Math.max(running.length, 1)];
            if (position === undefined) continue;
            if (move === "done") {
              schedule.done(position);
              done.add(position);
            } else if (move === "fail") {
              for (const skipped of schedule.fail(position)) away.add(skipped);
            } else if (move === "again") {
              schedule.again(position);
              away.delete(position);
            } else {
              schedule.hold(position);
              held.push(position);
            }
          }
          takeBoth();
        }
      },
    ),
    { numRuns: 1000 },
  );
});
