import { expect, test } from "bun:test";
import { existsSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  events,
  eventsOf,
  statuses,
  type TestRepository,
  testRepository,
  until,
} from "../../support/repository.ts";
import { fakeKilo } from "./agent.ts";
import { enter, interrupt, lines, openScreen } from "./screen.ts";

const chain = [
  { id: "a", run: "echo a > a.txt" },
  { id: "b", run: "echo b > b.txt", deps: ["a"] },
  { id: "c", run: "echo c > c.txt", deps: ["b"] },
];

function stepPlan(repository: TestRepository): string {
  return repository.plan(chain, { mode: "step-through" });
}

/** A dispatch file of tasks that a scripted agent does. */
function dispatchFile(repository: TestRepository, tasks: readonly object[]): string {
  fakeKilo(repository, 'echo "$RA_TASK" > "task-$RA_TASK.txt"');
  const path = join(repository.top, "dispatch.json");
  writeFileSync(path, JSON.stringify({ status: "approved", tasks }));
  return path;
}

const twoTasks = [
  { id: 1, description: "First", platform: "kilo" },
  { id: 2, description: "Second", platform: "kilo", deps: [1] },
];

test("asks at the terminal after each task, again after rubbish, and stops when told", async () => {
  const repository = testRepository();
  const screen = await openScreen(repository, ["dispatch", stepPlan(repository)]);

  await screen.shows(/\[s\]top $/);
  screen.type(`c${enter}`);
  await screen.shows(/b +done[\s\S]*\[s\]top $/);
  screen.type(`perhaps${enter}`);
  await screen.shows(/perhaps\r\n.*\[s\]top $/);
  screen.type(`STOP${enter}`);
  const code = await screen.ended;

  expect(code).toBe(1);
  expect(screen.text).toMatch(/result=stopped exit=1 run=\w+ next="ra resume \w+"/);
  expect(repository.git("ls-files")).toBe("README.md\na.txt\nb.txt");
});

test("takes the question off the screen when another process answers", async () => {
  const repository = testRepository();
  const screen = await openScreen(repository, ["dispatch", stepPlan(repository)]);

  await screen.shows(/\[s\]top $/);
  const first = await repository.ra("continue", "@last");
  await screen.shows(/b +done[\s\S]*\[s\]top $/);
  const second = await repository.ra("stop", "@last");
  const code = await screen.ended;

  expect([first.code, second.code, code]).toEqual([0, 0, 1]);
  const shown = lines(screen.text);
  expect(shown.filter((line) => line.includes("[c]ontinue"))).toEqual([]);
  expect(shown.filter((line) => /goes on|asked by/.test(line))).toEqual([
    expect.stringMatching(/^\d\d:\d\d run +goes on +by ra continue$/),
    expect.stringMatching(/^\d\d:\d\d run +stop +asked by ra stop$/),
  ]);
});

test("ends a run that waits at the first Ctrl-C", async () => {
  const repository = testRepository();
  const screen = await openScreen(repository, ["dispatch", stepPlan(repository)]);

  await screen.shows(/\[s\]top $/);
  screen.type(interrupt);
  const code = await screen.ended;

  expect(code).toBe(130);
  expect(screen.text).toMatch(/result=interrupted exit=130/);
  const resumed = await repository.ra("resume", "@last", "--auto", "--json");
  expect(statuses(resumed)).toEqual({ a: "done", b: "done", c: "done" });
});

test("waits for other answers when the input of the terminal has ended", async () => {
  const repository = testRepository();
  const screen = await openScreen(repository, ["dispatch", stepPlan(repository)]);

  await screen.shows(/\[s\]top $/);
  screen.type("\u0004");
  const first = await repository.ra("continue", "@last");
  await screen.shows(/b +done/);
  await until(async () => (await pauses(repository)) === 2, "the second question");
  const second = await repository.ra("stop", "@last");
  const code = await screen.ended;

  expect([first.code, second.code, code]).toEqual([0, 0, 1]);
});

test("waits with --wait, and is answered by `ra continue` and `ra stop`", async () => {
  const repository = testRepository();
  const dispatch = await repository.start("dispatch", stepPlan(repository), "--wait", "--json");

  await until(async () => (await runStatus(repository)) === "paused", "the first question");
  const ps = await repository.ra("ps");
  const first = await repository.ra("continue", "@last");
  await until(async () => (await pauses(repository)) === 2, "the second question");
  const second = await repository.ra("stop", "@last");
  const result = await dispatch.ended;
  const late = await repository.ra("continue", "@last");

  expect(ps.stdout).toMatch(/needs you .*ra continue \w+, or ra stop \w+/);
  expect([first.code, second.code, result.code]).toEqual([0, 0, 1]);
  expect(eventsOf(result, "run.paused").map(({ done }) => done)).toEqual([["a"], ["b"]]);
  expect(statuses(result)).toEqual({ a: "done", b: "done", c: "stopped" });
  expect(late.code).toBe(2);
  expect(late.stderr).toMatch(/does not wait for an answer; it has ended: stopped/);
});

test("refuses a plan that steps when nobody can answer, and leaves no trace", async () => {
  const repository = testRepository();
  const plan = stepPlan(repository);

  const result = await repository.ra("dispatch", plan);
  const json = await repository.ra("dispatch", plan, "--json");

  expect([result.code, json.code]).toEqual([3, 3]);
  expect(result.stderr).toMatch(/^error\[NEEDS_ANSWER\]: .*\nfix: pass `--auto`/);
  expect(JSON.parse(json.stdout)).toMatchObject({ ok: false, error: { code: "NEEDS_ANSWER" } });
  expect(existsSync(join(repository.dir, ".ra"))).toBe(false);
  expect(existsSync(join(repository.dir, ".git", "ra"))).toBe(false);
  expect(existsSync(join(repository.top, "workspaces"))).toBe(false);
});

test("shows what a stepping plan would do without asking anybody", async () => {
  const repository = testRepository();

  const result = await repository.ra("dispatch", stepPlan(repository), "--dry-run");

  expect(result.code).toBe(0);
  expect(result.stdout).toContain("c");
  expect(existsSync(join(repository.dir, ".git", "ra", "registry.db"))).toBe(false);
});

test("obeys the continue file of a dispatch file, and consumes it", async () => {
  const repository = testRepository();
  const path = dispatchFile(repository, twoTasks);
  const answer = join(repository.top, "wa_dispatch_continue.json");
  const dispatch = await repository.start("dispatch", path, "--json");

  await until(async () => (await runStatus(repository)) === "paused", "the question");
  writeFileSync(answer, '{"timestamp":"2026-11-21T10:00:00Z","action":"continue"}');
  const result = await dispatch.ended;

  expect(statuses(result)).toEqual({ 1: "done", 2: "done" });
  expect(eventsOf(result, "run.continued").map(({ by }) => by)).toEqual([
    "wa_dispatch_continue.json",
  ]);
  expect(existsSync(answer)).toBe(false);
});

test("stops when the continue file says so", async () => {
  const repository = testRepository();
  const path = dispatchFile(repository, twoTasks);
  const dispatch = await repository.start("dispatch", path, "--json");

  await until(async () => (await runStatus(repository)) === "paused", "the question");
  writeFileSync(join(repository.top, "wa_dispatch_continue.json"), '{"action":"stop"}');
  const result = await dispatch.ended;

  expect(result.code).toBe(1);
  expect(statuses(result)).toEqual({ 1: "done", 2: "stopped" });
});

test("removes a continue file of an earlier run, and waits for a whole one", async () => {
  const repository = testRepository();
  const path = dispatchFile(repository, twoTasks);
  const answer = join(repository.top, "wa_dispatch_continue.json");
  writeFileSync(answer, '{"action":"continue"}');

  const dispatch = await repository.start("dispatch", path, "--json");
  await until(async () => (await runStatus(repository)) === "paused", "the question");
  const staleIsThere = existsSync(answer);
  writeFileSync(answer, '{"timestamp":"x","acti');
  // Two looks of another process later the first one has seen the half.
  for (let i = 0; i < 8; i++) await repository.ra("ps");
  const halfIsThere = existsSync(answer);
  const waits = await runStatus(repository);
  writeFileSync(`${answer}.new`, '{"timestamp":"x","action":"continue"}');
  renameSync(`${answer}.new`, answer);
  const result = await dispatch.ended;

  expect([staleIsThere, halfIsThere, waits]).toEqual([false, true, "paused"]);
  expect(result.code).toBe(0);
  expect(events(result).filter(({ type }) => type === "request.received")).toHaveLength(1);
  expect(readdirSync(repository.top)).not.toContain("wa_dispatch_continue.json");
});

async function runStatus(repository: TestRepository): Promise<string> {
  const shown = await repository.ra("show", "@last", "--json");
  return shown.code === 0 ? JSON.parse(shown.stdout).status : "";
}

async function pauses(repository: TestRepository): Promise<number> {
  const shown = await repository.ra("logs", "@last", "--json");
  return eventsOf(shown, "run.paused").length;
}
