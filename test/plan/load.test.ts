import { describe, expect, test } from "bun:test";
import { decodeText } from "../../core/plan/decode.ts";
import { parseDuration } from "../../core/plan/duration.ts";
import type { Known } from "../../core/plan/known.ts";
import { loadPlan } from "../../core/plan/load.ts";
import type { Plan } from "../../core/plan/plan.ts";

const runners = ["kilo", "claude", "codex", "gemini", "opencode", "shell"];

function load(text: string, known: Partial<Known> = {}): Plan {
  const plan = loadPlan(text, { runners, ...known });
  if (!plan.ok) throw new Error(plan.error.map(({ message }) => message).join("\n"));
  return plan.value;
}

const oneTask = "version: 1\ntasks:\n  - {id: a, prompt: p}\n";

describe("a plan", () => {
  test("gets every default", () => {
    const plan = load(oneTask);

    expect(plan).toEqual({
      name: "plan",
      mode: "step-through",
      concurrency: null,
      base: "HEAD",
      target: null,
      models: {},
      shared: [],
      format: "plan",
      tasks: [
        {
          id: "a",
          position: 0,
          description: "p",
          work: { kind: "prompt", prompt: "p" },
          runner: "kilo",
          model: null,
          tier: null,
          difficulty: null,
          deps: [],
          parallel: true,
          isolation: null,
          touching: [],
          keep: [],
          timeoutMs: 300_000,
          verify: null,
          verifyLimits: { timeoutMs: 300_000, tries: 1 },
          retries: { max: 0, backoffMs: 10_000, maxBackoffMs: 300_000 },
          scope: "warn",
          onConflict: "error",
          resolver: null,
          allowNoChange: false,
          env: {},
          done: false,
        },
      ],
    });
  });

  test("is the same in YAML, in JSON, with a byte order mark and with Windows line ends", () => {
    const json = JSON.stringify({ version: 1, tasks: [{ id: "a", prompt: "p" }] }, null, "\t");

    const plans = [json, `\uFEFF${json}`, `\uFEFF${oneTask}`, oneTask.replaceAll("\n", "\r\n")];

    expect(plans.map((text) => load(text))).toEqual(Array(4).fill(load(oneTask)));
  });

  test("may name its schema", () => {
    const named = load(`$schema: ./plan.schema.json\n${oneTask}`);

    expect(named).toEqual(load(oneTask));
  });

  test("takes numbers as ids and dependencies", () => {
    const plan = load(
      'version: 1\ntasks: [{id: 1, prompt: p}, {id: 2, prompt: p, deps: [1, "x"]}, {id: x, run: y}]',
    );

    expect(plan.tasks.map(({ id, deps }) => [id, deps])).toEqual([
      ["1", []],
      ["2", ["1", "x"]],
      ["x", []],
    ]);
  });

  test("takes the description for a missing prompt, and the prompt's first line for a description", () => {
    const plan = load(
      `version: 1\ntasks:\n  - {id: a, description: "Do  it\\n"}\n  - id: b\n    prompt: |\n      First line.\n      Second.\n  - {id: c, run: make}\n  - {id: d, prompt: ${"x".repeat(200)}}\n`,
    );

    expect(plan.tasks.map(({ description, work }) => [description, work])).toEqual([
      ["Do it", { kind: "prompt", prompt: "Do  it\n" }],
      ["First line.", { kind: "prompt", prompt: "First line.\nSecond.\n" }],
      ["c", { kind: "command", command: "make" }],
      [`${"x".repeat(99)}…`, { kind: "prompt", prompt: "x".repeat(200) }],
    ]);
  });

  test("lets a task's own keys win over defaults, and joins variables and retries", () => {
    const plan = load(`version: 1
defaults:
  runner: claude
  timeout: 20m
  touching: [src/]
  keep: [dist/, "*.db"]
  env: { A: "1", B: "1" }
  retries: { max: 2, backoff: 10m }
tasks:
  - id: a
    prompt: p
  - id: b
    prompt: p
    runner: codex
    timeout: 90s
    touching: [./docs//a.md]
    keep: []
    env: { B: "2" }
    retries: { max: 5 }
  - id: c
    run: make
`);

    const [a, b, c] = plan.tasks;
    expect(a).toMatchObject({ runner: "claude", timeoutMs: 1_200_000, touching: ["src/**"] });
    expect(b).toMatchObject({ runner: "codex", timeoutMs: 90_000, touching: ["docs/a.md"] });
    expect([a!.keep, b!.keep]).toEqual([["dist/**", "*.db"], []]);
    expect(b!.env).toEqual({ A: "1", B: "2" });
    expect(b!.retries).toEqual({ max: 5, backoffMs: 600_000, maxBackoffMs: 600_000 });
    expect(c!.runner).toBe("shell");
  });

  test("takes a check as a command or with its limits", () => {
    const plan = load(`version: 1
defaults: { verify: make check, timeout: 20m }
tasks:
  - {id: a, prompt: p}
  - {id: b, prompt: p, verify: { run: make test, timeout: 90s, tries: 3 }}
  - {id: c, prompt: p, timeout: 1m, verify: { run: make test }}
`);

    expect(plan.tasks.map(({ verify, verifyLimits }) => [verify, verifyLimits])).toEqual([
      ["make check", { timeoutMs: 1_200_000, tries: 1 }],
      ["make test", { timeoutMs: 90_000, tries: 3 }],
      ["make test", { timeoutMs: 60_000, tries: 1 }],
    ]);
  });

  test("picks the model of the tier, unless the task names one", () => {
    const plan = load(`version: 1
defaults: { tier: mid }
models: { kilo: { top: T, mid: M }, claude: { mid: C } }
tasks:
  - {id: a, prompt: p}
  - {id: b, prompt: p, tier: top}
  - {id: c, prompt: p, model: own}
  - {id: d, prompt: p, runner: claude}
  - {id: e, run: make}
`);

    expect(plan.tasks.map(({ model }) => model)).toEqual(["M", "T", "own", "C", null]);
  });

  test("reads aliases", () => {
    const plan = load(
      "version: 1\ntasks:\n  - {id: a, prompt: p, retries: &r {max: 2}}\n  - {id: b, prompt: p, retries: *r}\n",
    );

    expect(plan.tasks[1]!.retries.max).toBe(2);
  });

  test("stands between what overrides it and what it falls back to", () => {
    const text = (defaults: string) =>
      `version: 1\n${defaults}tasks: [{id: a, prompt: p}, {id: b, prompt: p, runner: gemini, timeout: 1s}]`;
    const fallback = { runner: "codex", timeoutMs: 7 };
    const override = { runner: "opencode", timeoutMs: 8 };
    const settled = (plan: Plan) => plan.tasks.map(({ runner, timeoutMs }) => [runner, timeoutMs]);
    const own = ["gemini", 1000];

    expect(settled(load(text(""), { fallback }))).toEqual([["codex", 7], own]);
    expect(settled(load(text("defaults: {runner: claude, timeout: 9ms}\n"), { fallback }))).toEqual(
      [["claude", 9], own],
    );
    expect(
      settled(load(text("defaults: {runner: claude, timeout: 9ms}\n"), { fallback, override })),
    ).toEqual([["opencode", 8], own]);
  });

  test("of 20,000 tasks is read", () => {
    const tasks = Array.from({ length: 20_000 }, (_, i) => ({ id: `t${i}`, prompt: "p" }));

    const plan = load(JSON.stringify({ version: 1, tasks }));

    expect(plan.tasks.length).toBe(20_000);
  });

  test("with 5,000 misspelt dependencies is refused in linear time", () => {
    const tasks = Array.from({ length: 5000 }, (_, i) => {
      return { id: `t${i}`, prompt: "p", deps: [`u${i}`] };
    });
    const start = performance.now();

    const plan = loadPlan(JSON.stringify({ version: 1, tasks }, null, 1), { runners });

    const issues = plan.ok ? [] : plan.error;
    expect(issues.length).toBe(5000);
    expect(issues.filter(({ hint }) => hint !== undefined).length).toBe(50);
    expect(performance.now() - start).toBeLessThan(4000);
  });
});

describe("bytes", () => {
  test.each([
    [[0x61, 0x0a, 0xc3, 0xa9, 0xff], "2:2"],
    [[0x61, 0xc3], "1:2"],
    [[0xff, 0xfe, 0x61, 0x00], "1:1"],
    [[0xed, 0xa0, 0x80], "1:1"],
  ])("%p are refused at the first wrong one", (bytes, at) => {
    const text = decodeText(new Uint8Array(bytes), "PLAN");

    const found = text.ok ? [] : text.error.map(({ line, column }) => `${line}:${column}`);
    expect(found).toEqual([at]);
  });

  test("of UTF-8 with a byte order mark become text without it", () => {
    const text = decodeText(new TextEncoder().encode("\uFEFFnäme"), "PLAN");

    expect(text).toEqual({ ok: true, value: "näme" });
  });
});

test.each([
  ["1500ms", 1500],
  ["30s", 30_000],
  ["5m", 300_000],
  ["2h", 7_200_000],
  ["24d", 2_073_600_000],
  ["0s", null],
  ["25d", null],
  ["999999999999d", null],
  ["5", null],
  [" 5s", null],
  ["5S", null],
  ["", null],
])("%p lasts %p milliseconds", (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});
