import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ending, eventsOf, testRepository } from "../../support/repository.ts";
import { fakeKilo } from "./agent.ts";

test("runs a request as one task, and lands what the agent did", async () => {
  const repository = testRepository();
  fakeKilo(repository, 'echo "$PROMPT" > prompt.txt; echo "$ARGS" > args.txt');
  const prompt = "Add a cart\nwith a test";

  const result = await repository.ra(
    ...["run", prompt, "--runner", "kilo", "--model", "z-ai/glm-5", "--touching", "*.txt"],
    ...["--verify", "test -s prompt.txt", "--json"],
  );

  expect(result.code).toBe(0);
  expect(ending(result).tasks).toMatchObject([{ id: "request", status: "done", attempts: 1 }]);
  expect(eventsOf(result, "attempt.finished")[0]?.usage).toEqual({
    inputTokens: 3,
    outputTokens: 2,
    // Its stream names no price.
    costUsd: null,
  });
  expect(repository.git("log", "-1", "--format=%s")).toBe("dispatch: task request — Add a cart");
  expect(readFileSync(join(repository.dir, "prompt.txt"), "utf8")).toContain(prompt);
  expect(readFileSync(join(repository.dir, "args.txt"), "utf8")).toContain("-m z-ai/glm-5");
});

test("fails when the agent changed nothing", async () => {
  const repository = testRepository();
  fakeKilo(repository, "");

  const result = await repository.ra("run", "Do nothing", "--runner", "kilo");

  expect(result.code).toBe(1);
  expect(result.stderr).toContain("no-change: the agent reported success, but changed nothing");
});

for (const [flags, said] of [
  [
    ["--touching", "../x", "--touching", "/etc"],
    /`--touching` leaves the repository.*; `--touching`/,
  ],
  [["--model", ""], /^error\[USAGE\]: `--model` must not be empty/],
  [["--verify", ""], /^error\[USAGE\]: `--verify` must not be empty/],
  [["--runner", "shell"], /`shell` runs commands.*\nfix: name a coding agent with `--runner`\n$/],
  [["--runner", "kiloo"], /^error\[BAD_SETTING\]: `--runner` must be/],
  [["--timeout", "5 minutes"], /^error\[BAD_SETTING\]: `--timeout` must be a duration/],
] as const) {
  test(`tells what is wrong with ${flags.join(" ")} in terms of the flag`, async () => {
    const repository = testRepository();

    const result = await repository.ra("run", "Do it\u001b[31m now", ...flags);

    expect(result.code).toBe(2);
    expect(result.stderr).toMatch(said);
    expect(result.stderr).not.toMatch(/\[0\]|plan|`run`|`prompt`|`description`/);
    expect(existsSync(join(repository.dir, ".git/ra/registry.db"))).toBe(false);
  });
}

test("names the agent that is missing and how to get it", async () => {
  const repository = testRepository();
  const env = { ...repository.env, PATH: "/usr/bin:/bin" };
  Object.assign(repository.env, env);

  const result = await repository.ra("run", "Do it", "--runner", "kilo");

  expect(result.code).toBe(4);
  expect(result.stderr).toMatch(/^error\[RUNNER_UNFIT\]: `kilo` was not found.*\nfix: npm install/);
  expect(existsSync(join(repository.dir, ".git/ra/registry.db"))).toBe(false);
});
