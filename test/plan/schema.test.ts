import { describe, expect, test } from "bun:test";
import { run } from "../../cli/commands/schema.ts";
import { loadPlan } from "../../core/plan/load.ts";
import { quietTerminal } from "../support/terminal.ts";
import { fits } from "./json-schema.ts";

describe("ra schema", () => {
  async function print(name: string) {
    const { terminal, told } = quietTerminal();
    expect(await run({ terminal, args: [name], options: {} })).toBe(0);
    return JSON.parse(told.out);
  }

  test("prints every key of a plan with its meaning", async () => {
    const plan = await print("plan");
    const task = plan.properties.tasks.items;

    expect(plan).toMatchObject({ title: "ra plan", additionalProperties: false });
    expect(plan.required).toEqual(["version", "tasks"]);
    expect(task).toMatchObject({ additionalProperties: false, required: ["id"] });
    for (const key of Object.keys(task.properties)) {
      expect([key, typeof task.properties[key].description]).toEqual([key, "string"]);
    }
  });

  test("accepts a plan that uses every key, and refuses what the check refuses", async () => {
    const plan = await print("plan");
    const retries = { max: 3, backoff: "10s", maxBackoff: "5m" };
    const options = {
      ...{ runner: "kilo", model: "m", tier: "mid", difficulty: 3, parallel: true },
      ...{
        isolation: "clone",
        touching: ["src/**"],
        keep: ["*.db"],
        timeout: "5m",
        verify: "bun test",
        retries,
      },
      ...{ scope: "warn", onConflict: "retry", allowNoChange: true, env: { CI: "1" } },
      continueSession: true,
      resolver: { runner: "kilo", model: "m" },
      fallback: [{ model: "n" }, { runner: "kilo", tier: "mid" }],
      fallbackAfter: "10m",
      silence: "20m",
      budget: { usd: 0.5, tokens: 5000, time: "20m" },
    };
    const task = { id: "a", description: "d", prompt: "p", deps: ["b", 2], ...options };
    const full = {
      ...{ $schema: "./x.json", version: 1, name: "n", mode: "auto", concurrency: 3, base: "HEAD" },
      ...{
        target: "main",
        defaults: options,
        models: { kilo: { mid: ["m", "n"] } },
        shared: ["a"],
      },
      tiers: { top: 8, mid: 4 },
      budget: { usd: 5 },
      tasks: [
        task,
        { id: "b", run: "make", onConflict: "error", verify: { run: "make check" } },
        {
          ...{ id: 2, prompt: "p", onConflict: "agent" },
          verify: { run: "make check", timeout: "10m", tries: 2 },
        },
      ],
    };
    const wrong = [
      { ...full, version: 2 },
      { ...full, jobs: 3 },
      { ...full, tasks: [] },
      { ...full, concurrency: 2.5 },
      { ...full, target: "-f" },
      { ...full, tasks: [{ ...task, id: "a b" }] },
      { ...full, tasks: [{ ...task, timeout: "soon" }] },
      { ...full, tasks: [{ ...task, deps: [true] }] },
      { ...full, tasks: [{ ...task, env: { CI: 1 } }] },
      { ...full, tasks: [{ ...task, verify: { tries: 2 } }] },
      { ...full, tasks: [{ ...task, verify: { run: "make", tries: 0 } }] },
      { ...full, tasks: [{ ...task, verify: ["make"] }] },
      { ...full, tasks: [{ ...task, resolver: "kilo" }] },
      { ...full, tasks: [{ ...task, fallback: ["n"] }] },
      { ...full, tasks: [{ ...task, fallback: [{ tier: "best" }] }] },
      { ...full, models: { kilo: { mid: [] } } },
      { ...full, tiers: { top: 11 } },
      { ...full, budget: { usd: 0 } },
      { ...full, tasks: [{ ...task, budget: { tokens: 1.5 } }] },
    ];

    const known = { runners: ["kilo", "shell"] };
    const texts = [full, ...wrong].map((each) => JSON.stringify(each));
    expect(texts.map((text) => loadPlan(text, known).ok)).toEqual([
      true,
      ...wrong.map(() => false),
    ]);
    expect([full, ...wrong].map((each) => fits(plan, each))).toEqual([
      true,
      ...wrong.map(() => false),
    ]);
    // Every key of the schema stands in the sample, so that none is left untried.
    expect(Object.keys(full).sort()).toEqual(Object.keys(plan.properties).sort());
    expect(Object.keys({ ...task, run: "" }).sort()).toEqual(
      Object.keys(plan.properties.tasks.items.properties).sort(),
    );
  });

  test("prints the config and each type of event", async () => {
    const [config, events] = [await print("config"), await print("events")];
    const types = events.oneOf.map(
      (event: { properties: { type: { const: string } } }) => event.properties.type.const,
    );

    expect(Object.keys(config.properties)).toContain("runners");
    // That none is missing the compiler sees to.
    expect(types).toContain("attempt.finished");
    expect(new Set(types).size).toBe(types.length);
  });

  test("refuses a name it does not know", async () => {
    await expect(print("task")).rejects.toMatchObject({ exitCode: 2 });
  });
});
