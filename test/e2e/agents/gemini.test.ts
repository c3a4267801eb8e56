import { expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { testWith } from "../../support/agents.ts";
import { temporaryDirectory } from "../../support/leftovers.ts";
import { commitsOf, deadlineMs, endOf, makeWorld, promptOf } from "./world.ts";

const real = testWith("gemini");

const header = `version: 1
name: live
defaults: { runner: gemini, model: gemini-2.5-pro, timeout: 9m }
`;

const declaredSafe = { userConfig: "runners: { gemini: { parallel: true } }\n" };

const two = `${header}tasks:
  - id: first
    prompt: "Start.\\n@@write first.txt <<one\\\\n>>"
  - id: second
    prompt: "Go on.\\n@@shell cat first.txt > second.txt"
    deps: [first]
`;

real(
  "without a declaration nothing starts where nobody can answer, not even with --auto",
  async () => {
    const world = await makeWorld();
    world.plan(two);

    const dispatch = world.dispatch("--auto");
    const { code, out } = await dispatch.finished;

    expect(code).toBe(3);
    expect(JSON.parse(out).error).toMatchObject({ code: "NEEDS_ANSWER" });
    expect(JSON.parse(out).error.hint).toContain("--wait");
    expect(world.model.requests).toEqual([]);
    expect(JSON.parse((await world.ra("ps", "--all", "--json")).out).runs).toEqual([]);
    await world.expectNothingLeft();
  },
  deadlineMs,
);

real(
  "without a declaration it works in the checkout, and goes on when another process says so",
  async () => {
    const world = await makeWorld();
    world.plan(two);
    const before = await world.git("rev-parse", "HEAD");

    const dispatch = world.dispatch("--auto", "--wait");
    const paused = await dispatch.until(({ type }) => type === "run.paused");
    const landed = await commitsOf(world, before.trim());
    const answer = await world.ra("continue", "@last");
    const { code, err, wallMs } = await dispatch.finished;

    console.info(`gemini: two tasks in place in ${(wallMs / 1000).toFixed(1)} s`);
    expect(paused).toMatchObject({ done: ["first"] });
    expect(landed).toMatchObject([{ trailers: expect.arrayContaining(["Ra-Task: first"]) }]);
    expect(answer.code).toBe(0);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const started = dispatch.events.filter((event) => event.type === "attempt.started");
    expect(started.map(({ isolation }) => isolation)).toEqual(["in-place", "in-place"]);
    expect(await world.git("show", "HEAD:second.txt")).toBe("one\n");
    const trailers = expect.arrayContaining(["Ra-Runner: gemini"]);
    expect(await commitsOf(world, before.trim())).toMatchObject([{ trailers }, { trailers }]);
    await world.expectNothingLeft();
  },
  deadlineMs,
);

real(
  "declared safe, three work side by side in clones and one after them",
  async () => {
    const world = await makeWorld(declaredSafe);
    const go = join(temporaryDirectory("go"), "go");
    const task = (id: string): string => `
  - id: ${id}
    description: Write ${id}
    prompt: "Write ${id}.\\n@@hold ${go}\\n@@write ${id}/a.txt <<${id}\\\\n>>"
    touching: [${id}/**]`;
    world.plan(`${header}tasks:${task("x")}${task("y")}${task("z")}
  - id: sum
    description: Sum up
    deps: [x, y, z]
    prompt: "Sum up.\\n@@shell cat x/a.txt y/a.txt z/a.txt > sum.txt\\n@@edit LICENSE <<MIT License>> <<The MIT License>>"
    touching: [sum.txt, LICENSE]
    verify: grep -q z sum.txt
`);
    const before = await world.git("rev-parse", "HEAD");

    const dispatch = world.dispatch("--auto");
    for (const id of ["x", "y", "z"]) {
      await dispatch.until((event) => event.type === "process.spawned" && event.task === id);
    }
    const ps = JSON.parse((await world.ra("ps", "--json")).out);
    writeFileSync(go, "");
    const { code, err, wallMs } = await dispatch.finished;

    console.info(`gemini: four tasks, three at once, in ${(wallMs / 1000).toFixed(1)} s`);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(ps.processes).toHaveLength(3);
    expect(await world.git("show", "HEAD:sum.txt")).toBe("x\ny\nz\n");
    expect(await world.git("show", "HEAD:LICENSE")).toStartWith("The MIT License\n");
    expect(await commitsOf(world, before.trim())).toMatchObject(
      ["x", "y", "z", "sum"].map((id) => ({
        trailers: [`Ra-Task: ${id}`, "Ra-Attempt: 1", "Ra-Runner: gemini"],
      })),
    );
    const prompt = promptOf(
      world.model.requests.map((request) => request.prompt),
      "Write y.",
    );
    expect(prompt).toMatch(/- \w+\/z\/1 \(gemini\): `Write z` claims `z\/\*\*`/);
    expect(prompt).toContain("3 processes are running: prefer direct handling");
    const [usage] = dispatch.events.flatMap((event) =>
      event.type === "attempt.finished" ? [event.usage] : [],
    );
    expect(usage).toMatchObject({ inputTokens: 2000, outputTokens: 100 });
    await world.expectNothingLeft();
  },
  deadlineMs,
);

real(
  "a limit that the agent does not wait out parks its task until the provider answers again, and costs no attempt",
  async () => {
    const world = await makeWorld(declaredSafe);
    // Gemini CLI waits out most limits by itself; at these words it gives up at once.
    const quota = "@@error 429 times=1 Rate limit exceeded, limit: 0. Please retry in 2s";
    const script = `${quota}\\n@@write late.txt <<late\\\\n>>`;
    world.plan(`${header}tasks:\n  - id: late\n    prompt: "Wait.\\n${script}"\n`);

    const dispatch = world.dispatch("--auto");
    const { code, err } = await dispatch.finished;

    expect({ code, err }).toEqual({ code: 0, err: "" });
    const outcomes = dispatch.events.flatMap((event) =>
      event.type === "attempt.finished" ? [event.outcome.kind] : [],
    );
    expect(outcomes).toEqual(["rate-limited", "succeeded"]);
    expect(dispatch.events.map(({ type }) => type)).toContain("task.parked");
    expect(endOf(dispatch)).toMatchObject([{ status: "done" }]);
    await world.expectNothingLeft();
  },
  deadlineMs,
);

real(
  "a refused key is an error of its own, and an agent that changes nothing has not done its task",
  async () => {
    const [refused, idle] = await Promise.all([makeWorld(declaredSafe), makeWorld(declaredSafe)]);
    refused.plan(`${header}tasks:\n  - id: key\n    prompt: "Try.\\n@@error 401"\n`);
    idle.plan(`${header}tasks:\n  - id: idle\n    prompt: "Rest.\\n@@say all is well"\n`);

    const dispatches = [refused, idle].map((world) => world.dispatch("--auto"));
    const codes = (await Promise.all(dispatches.map(({ finished }) => finished))).map(
      (f) => f.code,
    );

    expect(codes).toEqual([4, 1]);
    const ends = dispatches.flatMap((dispatch) => endOf(dispatch));
    expect(ends).toMatchObject([
      { error: { kind: "auth", message: "status 401: Invalid API key; log in with `gemini`" } },
      { error: { kind: "no-change" } },
    ]);
    await refused.expectNothingLeft();
    await idle.expectNothingLeft();
  },
  deadlineMs,
);
