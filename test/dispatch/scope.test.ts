import { describe, expect, test } from "bun:test";
import type { Assignment } from "../../core/dispatch/assignment.ts";
import { extendClaim, type TakenPath } from "../../core/dispatch/claim-extension.ts";
import { Roster } from "../../core/dispatch/roster.ts";
import { checkScope, scopeOf } from "../../core/dispatch/scope.ts";
import { compileClaim } from "../../core/plan/claim.ts";
import { buildGraph } from "../../core/plan/graph.ts";
import type { Task } from "../../core/plan/plan.ts";
import { attemptFinished, attemptStarted, samplePlan, started } from "../registry/sample.ts";
import { MemoryLog } from "../support/memory-log.ts";
import { makePlan, makeTask, puppetRunner, startRig } from "../support/rig.ts";

const touching = ["src/**"];

function judge(
  scope: Task["scope"],
  paths: readonly string[],
  options: { taken?: readonly TakenPath[]; shared?: string[]; touching?: string[] } = {},
) {
  const globs = options.touching ?? touching;
  const asked: string[] = [];
  const finding = checkScope({
    task: makeTask("a", { scope, touching: globs }),
    claim: compileClaim(globs, options.shared ?? []),
    changes: paths.map((path) => ({ path, change: "modified" })),
    extend: async (outside) => {
      asked.push(...outside);
      return options.taken ?? [];
    },
  });
  return finding.then((found) => ({ finding: found, asked }));
}

describe("a change outside the claim", () => {
  test("is told by `warn` and refused by `block`, the paths named", async () => {
    const paths = ["src/a.ts", "docs/a.md", "docs/b.md"];

    const [warned, blocked] = [await judge("warn", paths), await judge("block", paths)];

    const message = "changed paths outside its scope: docs/a.md, docs/b.md";
    const rest = { check: "scope", message, paths: ["docs/a.md", "docs/b.md"] };
    expect(warned.finding).toEqual({ ...rest, severity: "warn" });
    expect(blocked.finding).toEqual({ ...rest, severity: "block" });
  });

  test("makes the claim grow with `extend`", async () => {
    const { finding, asked } = await judge("extend", ["src/a.ts", "docs/a.md"]);

    expect(asked).toEqual(["docs/a.md"]);
    expect(finding).toMatchObject({ severity: "note", message: "its claim grew by: docs/a.md" });
  });

  test("is refused with `extend` when somebody claims it, who is named", async () => {
    const taken = [{ path: "docs/a.md", by: "r2/x" }];

    const { finding } = await judge("extend", ["docs/a.md", "docs/b.md"], { taken });

    expect(finding).toEqual({
      check: "scope",
      severity: "block",
      message: "changed paths that others claim: docs/a.md (r2/x)",
      paths: ["docs/a.md"],
    });
  });

  test("is none in shared paths, nor for a task that claims nothing", async () => {
    const shared = await judge("block", ["bun.lock"], { shared: ["bun.lock"] });
    const free = await judge("block", ["docs/a.md"], { touching: [] });

    expect([shared.finding, free.finding]).toEqual([null, null]);
  });
});

test("an agent is to keep to the scope of a task that blocks, by its own means", () => {
  const touching = ["src/{a,b}/**", "!src/a/gen/**"];
  const of = (task: Partial<Task>, more: Partial<Assignment> = {}) =>
    scopeOf(
      {
        task: makeTask("a", { touching, scope: "block", ...task }),
        isolation: "clone",
        ...more,
      } as Assignment,
      compileClaim(touching, ["bun.lock"]),
      ["bun.lock"],
    );

  const scope = of({});

  expect(scope?.claimed).toEqual([
    ...["src/a", "src/a/**", "src/b", "src/b/**", "bun.lock", "bun.lock/**"],
  ]);
  const paths = ["src/a/x.ts", "src/a/gen/x.ts", "bun.lock", "docs/a.md"];
  expect(paths.map((path) => scope?.covers(path))).toEqual([true, false, true, false]);
  expect(of({ touching: ["!docs/**"] })?.claimed).toEqual(["**", "bun.lock", "bun.lock/**"]);
  expect(of({ scope: "warn" }) ?? of({ scope: "extend" }) ?? of({ touching: [] })).toBeNull();
  expect(of({}, { isolation: "none" }) ?? of({}, { resolves: true })).toBeNull();
});

/** A run `r1` whose task `a` has ended its first attempt, and whose task `b` is at work. */
async function landing(foreign: MemoryLog["foreign"] = []): Promise<MemoryLog> {
  const log = new MemoryLog();
  log.foreign = foreign;
  await log.commit("r1", () => [
    started(samplePlan(["a", "b", "c"])),
    attemptStarted("a", 1, touching),
    attemptStarted("b", 1, ["lib/**"]),
    attemptStarted("c", 1, ["old/**"]),
    attemptFinished("a"),
    attemptFinished("c", 1, { kind: "failed", message: "no" }),
  ]);
  return log;
}

async function extend(log: MemoryLog, paths: string[], shared: string[] = []) {
  return extendClaim({ log, run: "r1", shared }, { task: "a", attempt: 1, paths });
}

describe("a claim that is to grow", () => {
  test("holds the paths from then on, each as itself", async () => {
    const log = await landing();

    const taken = await extend(log, ["docs/a.md", "app/[slug]/x*.ts"]);

    expect(taken).toEqual([]);
    expect(log.ofType("claim.extended")).toMatchObject([
      { task: "a", attempt: 1, paths: ["docs/a.md", ":(literal)app/[slug]/x*.ts"] },
    ]);
    const attempt = (await log.state("r1"))?.tasks.get("a")?.attempts[0];
    expect(attempt?.touching).toEqual(["src/**", "docs/a.md", ":(literal)app/[slug]/x*.ts"]);
  });

  test("stays as it is when another run or a task at work claims one of the paths", async () => {
    const log = await landing([{ run: "r2", task: "x", glob: "docs/*.md", live: false }]);

    const taken = await extend(log, ["docs/a.md", "lib/x.ts", "free.ts"]);

    expect(taken).toEqual([
      { path: "docs/a.md", by: "r2/x" },
      { path: "lib/x.ts", by: "r1/b" },
    ]);
    expect(log.ofType("claim.extended")).toEqual([]);
  });

  test("may take what a task has given up, and what is shared", async () => {
    const log = await landing([{ run: "r2", task: "x", glob: "bun.lock", live: true }]);

    expect(await extend(log, ["old/x.ts", "bun.lock"], ["bun.lock"])).toEqual([]);
  });

  test("is not refused for a path that differs from a glob's in what the glob names", async () => {
    const log = await landing([{ run: "r2", task: "x", glob: "app/s/**", live: true }]);

    expect(await extend(log, ["app/[slug]/x.ts"])).toEqual([]);
  });
});

test("a claim that grew keeps the run's own tasks back until the next attempt", () => {
  const tasks = [
    makeTask("a", { touching: ["src/**"] }),
    makeTask("b", { touching: ["docs/**"] }),
    makeTask("c", { touching: ["app/s/**"] }),
  ];
  const plan = makePlan(tasks);
  const runners = new Map([["shell", puppetRunner("shell")]]);
  const priority = tasks.map(() => 1);
  const graph = buildGraph(plan.tasks);
  const roster = new Roster({ plan, graph, runners, priority, state: undefined });
  roster.assign(0);

  const before = roster.clash(1, 0);
  roster.grow(0, ["docs/a.md", "app/[slug]/x.ts"]);
  const during = [roster.clash(1, 0), roster.clash(2, 0)];
  roster.assign(0);
  const after = roster.clash(1, 0);

  expect(before).toBeNull();
  expect(during).toEqual([{ mine: "docs/**", theirs: "docs/a.md" }, null]);
  expect(after).toBeNull();
});

test("a negation of another run is read with the other globs of its task", async () => {
  const rig = await startRig(
    makePlan([makeTask("a"), makeTask("b", { deps: ["a"], touching: ["docs/**"] })]),
  );
  const claim = { run: "r2", task: "x", live: true };
  rig.log.foreign = [
    { ...claim, glob: "!src/gen/**" },
    { ...claim, glob: "src/**" },
  ];

  rig.hands.end("a");
  await rig.hands.started("b");
  rig.hands.end("b");
  const end = await rig.finished;

  expect(end.exitCode).toBe(0);
  expect(rig.log.ofType("task.waiting")).toEqual([]);
});
