import { expect, test } from "bun:test";
import { onceOnly } from "../../core/dispatch/known-checks.ts";
import type { Result } from "../../core/dispatch/result.ts";
import type { Fact } from "../../core/run/event.ts";
import { passKey } from "../../core/run/state.ts";
import { makeTask } from "../support/rig.ts";

/** A check that passes unless its command is `false`, and what it recorded. */
function bench(passed: ReadonlyMap<string, string> | null = new Map()) {
  const ran: string[] = [];
  const facts: Fact[] = [];
  const verify = onceOnly(
    async (command) => {
      ran.push(command);
      return { complaint: command === "false" ? "it failed" : null, notes: [] };
    },
    { passed, tree: async (commit) => `tree-of-${commit}`, record: (fact) => facts.push(fact) },
  );
  return { ran, facts, verify };
}

function result(overrides: Parameters<typeof makeTask>[1] = {}): Result {
  const task = makeTask("a", overrides);
  return { task, attempt: 1, runner: "shell", base: "b", commit: "c", changes: [] };
}

/** What a pass leaves for the process that comes after. */
async function passOnce(): Promise<ReadonlyMap<string, string>> {
  const { facts, verify } = bench();
  await verify("true", "c1", result());
  return new Map(
    facts.flatMap((fact) =>
      fact.type === "check.passed" ? [[passKey(fact.tree, fact.check), "then"]] : [],
    ),
  );
}

test("a check that passed on a tree is not run again there by the next process", async () => {
  const { ran, facts, verify } = bench(await passOnce());

  const verdict = await verify("true", "c1", result());

  expect([ran, facts]).toEqual([[], []]);
  expect(verdict).toEqual({
    complaint: null,
    notes: ["`true` passed on this very tree at then and was not run again"],
  });
});

test("another tree, command, limit or variable makes it another check", async () => {
  const passed = await passOnce();
  const verifyLimits = { timeoutMs: 1, tries: 1 };

  for (const [command, commit, of] of [
    ["true", "c2", result()],
    ["true ", "c1", result()],
    ["true", "c1", result({ verifyLimits })],
    ["true", "c1", result({ env: { CI: "1" } })],
  ] as const) {
    const { ran, verify } = bench(passed);
    await verify(command, commit, of);
    expect(ran).toEqual([command]);
  }
});

test("a failure is not recorded, and every check is run when that is asked for", async () => {
  const failing = bench();
  const all = bench(null);

  const verdict = await failing.verify("false", "c1", result());
  await all.verify("true", "c1", result());

  expect([verdict.complaint, failing.facts]).toEqual(["it failed", []]);
  expect(all.ran).toEqual(["true"]);
});
