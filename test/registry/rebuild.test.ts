import { expect, test } from "bun:test";
import fc from "fast-check";
import { newestSeq } from "../../core/registry/query.ts";
import { Registry } from "../../core/registry/registry.ts";
import { derivedTables } from "../../core/registry/schema.ts";
import { statement } from "../../core/registry/statement.ts";
import type { Fact } from "../../core/run/event.ts";
import { applyEvent, type RunState } from "../../core/run/state.ts";
import { decisions, nextFacts } from "./history-arbitrary.ts";
import {
  attemptFinished,
  attemptStarted,
  samplePlan,
  spawned,
  started,
  taskFinished,
} from "./sample.ts";
import { openRegistry, stateDirectory } from "./temporary.ts";

test("live tables equal the ones rebuilt from the log, with two processes at work", async () => {
  await fc.assert(
    fc.asyncProperty(decisions, async (history) => {
      const stateDir = stateDirectory();
      const doors = [await Registry.open({ stateDir }), await Registry.open({ stateDir })];
      for (const { run, choices } of history) {
        const pick = choices[0]?.pick ?? 0;
        const door = doors[run === "two" ? 1 : 0] as Registry;
        const committed = door.commit(run, ({ state }) => nextFacts(state, choices));
        if (pick % 4 === 0) await committed;
        if (pick % 16 === 1) doors.reverse();
      }
      await Promise.all(doors.map((door) => door.flush()));
      const live = dump(doors[0] as Registry);

      await doors[1]?.rebuild();

      expect(dump(doors[0] as Registry)).toEqual(live);
      for (const door of doors) await expectFolds(door);
      for (const door of doors) await door.close();
    }),
    { numRuns: 150 },
  );
}, 60_000);

test("rebuilding repairs tables that were tampered with", async () => {
  const registry = await openRegistry();
  await registry.commit("r7k2", () => [
    started(samplePlan(["a", "b"])),
    attemptStarted("a", 1, ["src/**"]),
  ]);
  const before = dump(registry);
  const { database } = registry;
  database.run(statement((tables) => tables.deleteFrom("claims")));
  database.run(statement((tables) => tables.updateTable("tasks").set({ status: "done" })));

  await registry.rebuild();

  expect(dump(registry)).toEqual(before);
  expect(before.claims).toHaveLength(1);
});

test("after each event of a task the tables are those that its log would make", async () => {
  const registry = await openRegistry();
  const of = { task: "a", attempt: 1 };
  const until = "2026-11-21T10:00:00.000Z";
  const asked = { type: "question.asked", text: "Fetch?", options: [], until } as const;
  const limit: Fact = attemptFinished("b", 1, { kind: "rate-limited", until, message: "429" });
  const facts: readonly Fact[] = [
    started(samplePlan(["a", "b"])),
    { type: "task.waiting", task: "a", reason: { kind: "alone" } },
    { type: "task.parked", task: "a", until, message: "limit" },
    attemptStarted("a", 1, ["src/**"]),
    spawned("a"),
    { type: "session.opened", ...of, session: "s" },
    { type: "conflict.foreseen", task: "a", with: "b", paths: ["src/x"] },
    { ...asked, ...of, gate: "a1-0" },
    { type: "question.answered", ...of, gate: "a1-0", answer: "yes", by: "ann" },
    { ...asked, ...of, gate: "a1-1" },
    { type: "question.withdrawn", ...of, gate: "a1-1", reason: "unanswered" },
    attemptFinished("a"),
    { type: "claim.extended", ...of, paths: ["docs/a.md"] },
    {
      ...{ type: "merge.finished", ...of, warnings: ["left its scope"] },
      landing: { kind: "merged", commit: "f00d" },
    },
    taskFinished("a"),
    { ...attemptStarted("b", 1, ["lib/**"]), ...{ provider: "p", probes: true } },
    { ...limit, cooldown: { provider: "p", until, times: 1 } } as Fact,
    { type: "cooldown.ended", task: "b", attempt: 1, provider: "p" },
    taskFinished("b", "error"),
  ];
  for (const fact of facts) {
    await registry.commit("r7k2", () => [fact]);
    const live = dump(registry);
    await registry.rebuild();
    expect([fact.type, dump(registry)]).toEqual([fact.type, live]);
  }
});

/** The fold a door has grown event by event is the fold of the whole log. */
async function expectFolds(door: Registry): Promise<void> {
  let seqs = 0;
  for (const run of ["one", "two", "six"]) {
    let state: RunState | undefined;
    for (const event of await door.read(run, 0)) {
      state = applyEvent(state, event);
      seqs++;
    }
    expect(await door.state(run)).toEqual(state);
  }
  expect(newestSeq(door.database)).toBe(seqs);
}

function dump({ database }: Registry): Record<string, unknown[]> {
  return Object.fromEntries(
    derivedTables.map((table) => [
      table,
      database
        .all(statement((tables) => tables.selectFrom(table).selectAll()))
        .map((row) => JSON.stringify(row))
        .sort(),
    ]),
  );
}
