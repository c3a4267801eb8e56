import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Schedulable, Schedule, type ScheduleLimits } from "../../core/run/schedule.ts";

const free: ScheduleLimits = { concurrency: 3, perRunner: {}, clash: () => null };
const long = { untilMs: 60_000, lastsMs: 60_000, room: 0 };

function task(overrides: Partial<Schedulable> = {}): Schedulable {
  const kilo = { runner: "kilo", provider: "openrouter" };
  return { deps: [], priority: 1, alone: false, claim: "", ...kilo, ...overrides };
}

function takeAll(schedule: Schedule): number[] {
  const taken: number[] = [];
  for (let next = schedule.take(); next !== null; next = schedule.take()) taken.push(next);
  return taken;
}

describe("a provider that rests", () => {
  test("is passed over, and its tasks are told once, however often it rests", () => {
    const schedule = new Schedule([task(), task({ provider: "google" }), task()], free);
    schedule.rest("openrouter", long);

    const first = takeAll(schedule);
    const told = schedule.obstaclesFound();
    schedule.lift("openrouter");
    schedule.rest("openrouter", { ...long, untilMs: 90_000 });
    const second = takeAll(schedule);

    expect([first, second]).toEqual([[1], []]);
    const obstacle = { kind: "cooldown", provider: "openrouter", untilMs: 60_000 } as const;
    expect(told).toEqual([
      [0, obstacle],
      [2, obstacle],
    ]);
    expect(schedule.obstaclesFound()).toEqual([]);
  });

  test("takes as many starts as it has room, and then none until it is told anew", () => {
    const schedule = new Schedule([task(), task(), task()], free);
    schedule.rest("openrouter", { ...long, room: 1 });

    const first = takeAll(schedule);
    schedule.rest("openrouter", { ...long, room: 1 });
    const second = takeAll(schedule);
    schedule.lift("openrouter");

    expect([first, second, takeAll(schedule)]).toEqual([[0], [1], [2]]);
  });

  test("lets others do the task, unless its rest is short enough to wait for", () => {
    const instead = [{ runner: "claude", provider: "anthropic" }];
    const tasks = [task({ instead, patienceMs: 60_000 }), task({ instead, patienceMs: 59_999 })];
    const schedule = new Schedule(tasks, free);
    schedule.rest("openrouter", long);

    const taken = takeAll(schedule);

    expect(taken).toEqual([1]);
    expect(schedule.choice(1)).toBe(1);
    expect(schedule.obstaclesFound().map(([position]) => position)).toEqual([0]);
  });

  test("the cap counts the runner that does it", () => {
    const instead = [{ runner: "claude", provider: "anthropic" }];
    const tasks = [
      task({ instead }),
      task({ instead }),
      task({ runner: "claude", provider: null }),
    ];
    const schedule = new Schedule(tasks, { ...free, perRunner: { claude: 1, kilo: 1 } });
    schedule.rest("openrouter", long);

    const first = takeAll(schedule);
    const told = schedule.obstaclesFound();
    schedule.done(0);
    const second = takeAll(schedule);
    schedule.lift("openrouter");
    const third = takeAll(schedule);

    expect([first, second, third]).toEqual([[0], [1], []]);
    expect(told).toEqual([
      [1, { kind: "runner-cap", runner: "claude" }],
      [2, { kind: "runner-cap", runner: "claude" }],
    ]);
  });

  test("does not hold up everything by a task that wants to be alone", () => {
    const tasks = [task({ provider: null }), task({ alone: true }), task({ provider: null })];
    const schedule = new Schedule(tasks, { ...free, concurrency: 2 });
    schedule.rest("openrouter", long);

    expect(takeAll(schedule)).toEqual([0, 2]);
  });

  test("a task goes to others from its next start on", () => {
    const schedule = new Schedule([task(), task()], free);
    takeAll(schedule);
    schedule.hold(0);

    schedule.reroute(0, { runner: "claude", provider: "anthropic" });
    schedule.rest("openrouter", long);
    schedule.release(0);

    expect(takeAll(schedule)).toEqual([0]);
  });
});

test("10,000 tasks on a provider that rests again and again are told once", () => {
  const schedule = new Schedule(
    Array.from({ length: 10_000 }, () => task()),
    { ...free, concurrency: 8 },
  );
  let told = 0;
  let started = 0;
  for (let rests = 0; rests < 50; rests++) {
    schedule.rest("openrouter", { ...long, untilMs: 1 + rests });
    started += takeAll(schedule).length;
    told += schedule.obstaclesFound().length;
    schedule.rest("openrouter", { ...long, room: 1 });
    started += takeAll(schedule).length;
    for (const position of [...schedule.running]) schedule.done(position);
  }

  expect([told, started]).toEqual([10_000, 50]);
});

const providers = ["p", "q"] as const;

/** The rule as the docstring of `Schedule` words it for providers, from scratch each time. */
function naive(
  tasks: readonly Schedulable[],
  limits: ScheduleLimits,
  rooms: ReadonlyMap<string, number>,
  away: ReadonlySet<number>,
  running: ReadonlyMap<number, string>,
): readonly [number, number] | null {
  if (running.size >= limits.concurrency) return null;
  const ready = tasks
    .map((_, position) => position)
    .filter((position) => !away.has(position))
    .sort((a, b) => (tasks[b]?.priority ?? 0) - (tasks[a]?.priority ?? 0) || a - b);
  for (const position of ready) {
    const { runner, provider = null, instead = [] } = tasks[position] as Schedulable;
    const choices = [{ runner, provider }, ...instead];
    const at = choices.findIndex(
      (each) => each.provider === null || (rooms.get(each.provider) ?? 1) > 0,
    );
    if (at < 0) continue;
    const name = choices[at]?.runner as string;
    const same = [...running.values()].filter((other) => other === name).length;
    if (same >= (limits.perRunner[name] ?? Number.POSITIVE_INFINITY)) continue;
    return [position, at];
  }
  return null;
}

test("decides as the naive definition does while providers rest and come back, and nobody starves", () => {
  const choice = fc.record({
    runner: fc.constantFrom("kilo", "claude"),
    provider: fc.constantFrom("p", "q", null),
  });
  const spec = fc.record({
    priority: fc.integer({ min: 1, max: 3 }),
    instead: fc.array(choice, { maxLength: 2 }),
    own: choice,
  });
  const move = fc.tuple(fc.constantFrom("done", "again", "rest", "room", "lift"), fc.nat());
  fc.assert(
    fc.property(
      fc.array(spec, { minLength: 1, maxLength: 12 }),
      fc.array(move, { maxLength: 60 }),
      (specs, moves) => {
        const tasks = specs.map(({ own, ...rest }) => task({ ...rest, ...own }));
        const limits = { ...free, perRunner: { claude: 1 } };
        const schedule = new Schedule(tasks, limits);
        const rooms = new Map<string, number>();
        const away = new Set<number>();
        const running = new Map<number, string>();
        const takeBoth = (): void => {
          for (;;) {
            const expected = naive(tasks, limits, rooms, away, running);
            const actual = schedule.take();
            expect(actual).toBe(expected?.[0] ?? null);
            if (actual === null || expected === null) return;
            expect(schedule.choice(actual)).toBe(expected[1]);
            const { runner, provider = null, instead = [] } = tasks[actual] as Schedulable;
            const taken = [{ runner, provider }, ...instead][expected[1]];
            const room = rooms.get(taken?.provider ?? "");
            if (room !== undefined) {
              expect(room).toBeGreaterThan(0);
              rooms.set(taken?.provider ?? "", room - 1);
            }
            away.add(actual);
            running.set(actual, taken?.runner as string);
          }
        };
        takeBoth();
        for (const [kind, pick] of moves) {
          const provider = providers[pick % 2] as string;
          const position = [...running.keys()][pick % Math.max(running.size, 1)];
          if (kind === "rest" || kind === "room") {
            const room = kind === "rest" ? 0 : (pick % 3) + 1;
            rooms.set(provider, room);
            schedule.rest(provider, { ...long, room });
          } else if (kind === "lift") {
            rooms.delete(provider);
            schedule.lift(provider);
          } else if (position !== undefined) {
            running.delete(position);
            if (kind === "done") schedule.done(position);
            else {
              schedule.again(position);
              away.delete(position);
            }
          }
          takeBoth();
        }
        for (const provider of providers) {
          rooms.delete(provider);
          schedule.lift(provider);
        }
        while (schedule.unsettled > 0) {
          takeBoth();
          const [position] = running.keys();
          expect(position).toBeDefined();
          running.delete(position as number);
          schedule.done(position as number);
        }
      },
    ),
    { numRuns: 2000 },
  );
});
