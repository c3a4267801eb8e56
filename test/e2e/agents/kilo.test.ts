import { expect } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Event } from "../../../core/run/event.ts";
import { testWith } from "../../support/agents.ts";
import { temporaryDirectory } from "../../support/leftovers.ts";
import { until } from "../../support/repository.ts";
import { commitsOf, deadlineMs, endOf, makeWorld, promptOf } from "./world.ts";

const real = testWith("kilo");

const header = `version: 1
name: live
models: { kilo: { mid: fake/m1 } }
defaults: { runner: kilo, tier: mid, timeout: 9m }
`;

real(
  "three agents side by side and one after them change, merge and land in this repository",
  async () => {
    const world = await makeWorld();
    const go = join(temporaryDirectory("go"), "go");
    world.plan(`${header}tasks:
  - id: notes
    description: Write notes
    prompt: "Write notes.\\n@@hold ${go}\\n@@write notes/one.md <<first note\\\\n>>"
    touching: [notes/**]
  - id: list
    description: Make a list
    prompt: "Make a list.\\n@@hold ${go}\\n@@shell mkdir -p lists && echo two > lists/two.txt"
    touching: [lists/**]
  - id: readme
    description: Extend the readme
    prompt: "Extend the readme.\\n@@hold ${go}\\n@@shell echo third >> README.md"
    touching: [README.md]
  - id: sum
    description: Sum up
    deps: [notes, list, readme]
    prompt: "Sum up.\\n@@shell cat lists/two.txt >> notes/one.md\\n@@shell tail -n 1 README.md >> notes/one.md"
    touching: [notes/one.md]
    verify: grep -q two notes/one.md && grep -q third notes/one.md
`);
    const before = await world.git("rev-parse", "HEAD");
    const dispatch = world.dispatch("--auto");
    const all = ["notes", "list", "readme"];
    for (const id of all) {
      await dispatch.until((event) => event.type === "process.spawned" && event.task === id);
    }

    const ps = JSON.parse((await world.ra("ps", "--json")).out);
    const table = await world.ra("ps");
    const report = join(world.repository, ".ra", "state.md");
    // The report follows the log at some distance; the agents are held until it has arrived.
    const told = (): string => (existsSync(report) ? readFileSync(report, "utf8") : "");
    await until(() => told().includes("## Running (3)"), "the report");
    const state = told();
    writeFileSync(go, "");
    const { code, err, wallMs } = await dispatch.finished;

    console.info(`kilo: four tasks, three at once, in ${(wallMs / 1000).toFixed(1)} s`);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(ps.processes.map((each: { taskId: string }) => each.taskId).sort()).toEqual(
      [...all].sort(),
    );
    expect(ps.processes[0]).toMatchObject({ type: "kernel", status: "running", model: "fake/m1" });
    expect(table.out).toContain("lists/**");
    expect(state).toContain("Prefer direct handling");
    expect(await world.git("show", "HEAD:notes/one.md")).toBe("first note\ntwo\nthird\n");
    expect(await world.git("show", "HEAD:lists/two.txt")).toBe("two\n");
    expect(await world.git("show", "HEAD:README.md")).toEndWith("third\n");
    expect(readFileSync(join(world.repository, "lists/two.txt"), "utf8")).toBe("two\n");
    expect(await commitsOf(world, before.trim())).toEqual(
      [
        ["notes", "Write notes"],
        ["list", "Make a list"],
        ["readme", "Extend the readme"],
        ["sum", "Sum up"],
      ].map(([id, description]) => ({
        subject: `dispatch: task ${id} — ${description}`,
        author: "Eve Example <eve@example.invalid>",
        trailers: [`Ra-Task: ${id}`, "Ra-Attempt: 1", "Ra-Runner: kilo"],
      })),
    );
    await world.expectNothingLeft();
    expectPrompts(world.model.requests.map(({ prompt }) => prompt));
    expectUsage(dispatch.events);
  },
  deadlineMs,
);

real(
  "a person's own login is used, and a short rate limit costs no attempt",
  async () => {
    const world = await makeWorld({ kiloLogin: "key-of-eve" });
    const script = "@@error 429 retry-after=2 times=1\\n@@write login.txt <<in\\\\n>>";
    world.plan(`${header}tasks:\n  - id: login\n    prompt: "Log in.\\n${script}"\n`);

    const dispatch = world.dispatch("--auto");
    const { code, err } = await dispatch.finished;

    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(endOf(dispatch)).toMatchObject([{ id: "login", status: "done", attempts: 1 }]);
    expect(await world.git("show", "HEAD:login.txt")).toBe("in\n");
    const keys = new Set(world.model.requests.map(({ headers }) => headers.authorization));
    expect([...keys]).toEqual(["Bearer key-of-eve"]);
    await world.expectNothingLeft();
  },
  deadlineMs,
);

real(
  "a refused key is an error of its own, with the way to mend it",
  async () => {
    const world = await makeWorld();
    world.plan(`${header}tasks:\n  - id: key\n    prompt: "Try.\\n@@error 401"\n`);

    const dispatch = world.dispatch("--auto");
    const { code } = await dispatch.finished;

    expect(code).toBe(4);
    const error = {
      kind: "auth",
      message: "status 401: Invalid API key; log in with `kilo auth login`",
    };
    expect(endOf(dispatch)).toMatchObject([{ id: "key", status: "error", attempts: 1, error }]);
    await world.expectNothingLeft();
  },
  deadlineMs,
);

real(
  "an agent that changes nothing has not done its task",
  async () => {
    const world = await makeWorld();
    const before = await world.git("rev-parse", "HEAD");
    world.plan(`${header}tasks:\n  - id: idle\n    prompt: "Rest.\\n@@say all is well"\n`);

    const dispatch = world.dispatch("--auto");
    const { code } = await dispatch.finished;

    expect(code).toBe(1);
    expect(endOf(dispatch)).toMatchObject([{ status: "error", error: { kind: "no-change" } }]);
    expect(await world.git("rev-parse", "HEAD")).toBe(before);
    await world.expectNothingLeft();
  },
  deadlineMs,
);

/** What reached the model tells each of the three of the other two. */
function expectPrompts(prompts: readonly string[]): void {
  const notes = promptOf(prompts, "Write notes.");
  expect(notes).toContain("Your scope: change only `notes/**`.");
  expect(notes).toMatch(/- \w+\/list\/1 \(kilo\): `Make a list` claims `lists\/\*\*`/);
  expect(notes).toMatch(/- \w+\/readme\/1 \(kilo\): `Extend the readme` claims `README\.md`/);
  expect(notes).toContain("Do not change a path that another process claims.");
  const claimed = { "Make a list.": "`notes/**`", "Extend the readme.": "`lists/**`" };
  for (const [own, other] of Object.entries({ "Write notes.": "`lists/**`", ...claimed })) {
    const prompt = promptOf(prompts, own);
    expect(prompt).toContain(`claims ${other}`);
    expect(prompt).toContain(
      "3 processes are running: prefer direct handling over starting sub-agents.",
    );
  }
  expect(promptOf(prompts, "Sum up.")).not.toContain("Other processes");
}

function expectUsage(events: readonly Event[]): void {
  const used = events.flatMap((event) => (event.type === "attempt.finished" ? [event.usage] : []));
  expect(used).toHaveLength(4);
  for (const usage of used) {
    expect(usage?.inputTokens).toBeGreaterThanOrEqual(2000);
    expect(usage?.outputTokens).toBeGreaterThanOrEqual(100);
    expect(usage?.costUsd).toBeGreaterThan(0);
  }
}
