import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  ending,
  events,
  eventsOf,
  statuses,
  type TestRepository,
  testRepository,
  until,
} from "../../support/repository.ts";
import { fakeKilo } from "./agent.ts";

/** A refusal in the words of Kilo's JSON stream. */
function refusal(retryAfter: number): string {
  const headers = { "retry-after": String(retryAfter) };
  const data = { message: "slow down", statusCode: 429, responseHeaders: headers };
  return `echo '${JSON.stringify({ type: "error", error: { name: "APIError", data } })}'; exit 1`;
}

function prompts(ids: readonly string[]): { id: string; prompt: string }[] {
  return ids.map((id) => ({ id, prompt: `do ${id}` }));
}

/** An agent that is refused until the file `answers` stands in the test's own directory. */
function refusedKilo(repository: TestRepository, retryAfter: number): string {
  const answers = join(repository.top, "answers");
  const calls = join(repository.top, "calls");
  fakeKilo(
    repository,
    `echo call >> ${calls}; [ -e ${answers} ] || { ${refusal(retryAfter)}; }; echo x > "$RA_TASK.txt"`,
  );
  return answers;
}

test("a refusal of one run keeps back another, and ps, why, show and agents say until when and for whom", async () => {
  const repository = testRepository();
  refusedKilo(repository, 3600);
  const one = await repository.start("dispatch", repository.plan(prompts(["a"])));
  await until(async () => (await json(repository, "ps")).cooldowns.length === 1, "a cooldown");

  const two = await repository.start("dispatch", repository.plan(prompts(["b"])), "--json");
  const waits = async () => (await json(repository, "ps")).waiting.length === 2;
  await until(waits, "two tasks that wait");
  const ps = await json(repository, "ps");
  const why = await json(repository, "why", "@last/b");
  const shown = [
    await repository.ra("ps"),
    await repository.ra("why", "@last/b"),
    await repository.ra("show", "@last/b"),
    await repository.ra("agents"),
  ];
  one.signal("SIGINT");
  two.signal("SIGINT");
  const results = await Promise.all([one.ended, two.ended]);

  const [{ provider, until: end, run, task }] = ps.cooldowns;
  expect([provider, task]).toEqual(["kilo", "a"]);
  expect(Date.parse(end) - Date.now()).toBeGreaterThan(3_000_000);
  expect(why.waiting).toEqual({ kind: "cooldown", provider: "kilo", until: end });
  expect(run).not.toBe(why.run);
  for (const { stdout } of shown) expect(stdout).toContain(end.slice(0, 16));
  expect(results.map(({ code }) => code)).toEqual([130, 130]);
  expect(eventsOf(results[1] as never, "attempt.started")).toEqual([]);
});

test("a task that was refused ends done after the reset, and one attempt asked first", async () => {
  const repository = testRepository();
  const answers = refusedKilo(repository, 1);
  const plan = repository.plan(prompts(["a", "b", "c"]));
  const run = await repository.start("dispatch", plan, "--json");
  await until(async () => (await json(repository, "ps")).cooldowns.length === 1, "a cooldown");

  repository.write({});
  await Bun.write(answers, "");
  const result = await run.ended;

  expect(result.code).toBe(0);
  expect(statuses(result)).toEqual({ a: "done", b: "done", c: "done" });
  expect(eventsOf(result, "cooldown.ended")).toHaveLength(1);
  const done = eventsOf(result, "attempt.finished").filter(({ cooldown }) => cooldown);
  expect(done.every(({ outcome }) => outcome.kind === "rate-limited")).toBe(true);
});

test("a budget that is used up ends the run with exit 5, and a resume with more goes on", async () => {
  const repository = testRepository();
  fakeKilo(repository, 'echo x > "$RA_TASK.txt"');
  const tasks = prompts(["a", "b", "c"]).map((task, i) => ({
    ...task,
    ...(i === 0 ? {} : { deps: ["a"] }),
  }));
  const plan = repository.plan(tasks, { budget: { tokens: 5 } });

  const first = await repository.ra("dispatch", plan);
  const why = await repository.ra("why", "@last");
  const refused = await repository.ra("resume", "@last");
  const wrong = await repository.ra("resume", "@last", "--budget", "8");
  const second = await repository.ra("resume", "@last", "--budget", "1ktokens", "--json");

  expect(first.code).toBe(5);
  expect(first.stderr).toContain("used 5 tokens of 5 tokens");
  expect(first.stderr).toMatch(/next="ra resume \w+ --budget 1000tokens"/);
  expect(why.stdout).toContain("--budget 1000tokens");
  expect([refused.code, wrong.code]).toEqual([5, 2]);
  expect(second.code).toBe(0);
  expect(statuses(second)).toEqual({ a: "done", b: "done", c: "done" });
  expect(eventsOf(second, "run.resumed")[0]?.budget).toEqual({ tokens: 1000 });
});

test("limits on the command line go over those of the plan, and hold for a single request", async () => {
  const repository = testRepository();
  fakeKilo(repository, 'echo x > "$RA_TASK.txt"');
  const tasks = [...prompts(["a"]), { id: "b", prompt: "do b", deps: ["a"] }];
  const plan = repository.plan(tasks, { budget: { tokens: 1000, usd: 3 } });

  const run = await repository.ra("dispatch", plan, "--budget", "5tokens,b=2h", "--json");
  const wrong = await repository.ra("dispatch", plan, "--budget", "c=2h");
  const one = await repository.ra("run", "do it", "--runner", "kilo", "--budget", "9usd", "--json");

  expect(run.code).toBe(5);
  const [started] = eventsOf(run, "run.started");
  expect(started?.plan.budget).toEqual({ tokens: 5, usd: 3 });
  expect(started?.plan.tasks[1]?.budget).toEqual({ timeMs: 7_200_000 });
  expect(statuses(run)).toMatchObject({ a: "done" });
  expect([wrong.code, wrong.stderr.includes("`c`")]).toEqual([2, true]);
  expect(eventsOf(one, "run.started")[0]?.plan.budget).toEqual({ usd: 9 });
});

test("a task whose budget is used up comes back, with what needed it, when a resume raises it", async () => {
  const repository = testRepository();
  fakeKilo(repository, `[ -e ${repository.top}/fit ] || exit 1; echo x > "$RA_TASK.txt"`);
  const retries = { max: 3, backoff: "1ms" };
  const plan = repository.plan([
    { id: "a", prompt: "do a", budget: { time: "1ms" }, retries },
    { id: "b", run: "echo b > b.txt", deps: ["a"] },
  ]);

  const first = await repository.ra("dispatch", plan, "--json");
  await Bun.write(join(repository.top, "fit"), "");
  const second = await repository.ra("resume", "@last", "--budget", "a=1h", "--json");

  expect(first.code).toBe(5);
  expect(ending(first).tasks.map(({ status, error }) => [status, error?.kind])).toEqual([
    ["error", "budget"],
    ["skipped", undefined],
  ]);
  expect(events(first).filter(({ type }) => type === "attempt.started")).toHaveLength(1);
  expect(statuses(second)).toEqual({ a: "done", b: "done" });
});

test("an agent that says nothing is ended, tried again as often as the plan allows, and told of as silent", async () => {
  const repository = testRepository();
  fakeKilo(repository, `echo call >> ${repository.top}/calls; sleep 347`);
  const plan = repository.plan([
    {
      id: "a",
      prompt: "do a",
      timeout: "5m",
      silence: "400ms",
      retries: { max: 1, backoff: "1ms" },
    },
  ]);

  const result = await repository.ra("dispatch", plan, "--json");

  const outcomes = eventsOf(result, "attempt.finished").map(({ outcome }) => outcome);
  expect(outcomes).toEqual(Array(2).fill({ kind: "timed-out", afterMs: 400, silent: true }));
  expect(ending(result).tasks[0]?.error).toEqual({ kind: "timeout", message: "no word for 0.4 s" });
  expect(result.code).toBe(1);
  const calls = await Bun.file(join(repository.top, "calls")).text();
  expect(calls).toBe("call\ncall\n");
});

test("another runner's place is taken by the fallback, and the log says why", async () => {
  const repository = testRepository();
  const refused = `case "$ARGS" in *good*) echo x > "$RA_TASK.txt";; *) ${refusal(3600)};; esac`;
  fakeKilo(repository, refused);
  const task = { id: "a", prompt: "do a", model: "one/bad", fallback: [{ model: "two/good" }] };

  const result = await repository.ra("dispatch", repository.plan([task]), "--json");

  expect(statuses(result)).toEqual({ a: "done" });
  const [, last] = eventsOf(result, "attempt.started");
  expect([last?.model, last?.provider]).toEqual(["two/good", "kilo/two"]);
  expect(last?.instead?.reason).toStartWith("kilo/one refuses until ");
});

test("ra agents test lets a runner do a tiny task and leaves nothing", async () => {
  const repository = testRepository();
  fakeKilo(repository, `[ -e ${repository.top}/lazy ] || echo hello > hello.txt`);

  const shell = await repository.ra("agents", "test", "shell");
  const kilo = await json(repository, "agents", "test", "kilo");
  await Bun.write(join(repository.top, "lazy"), "");
  const lazy = await repository.ra("agents", "test", "kilo");
  const wrong = await repository.ra("agents", "test", "nobody");

  expect([shell.code, shell.stdout.slice(0, 12)]).toEqual([0, "shell works:"]);
  expect(kilo).toMatchObject({ ok: true, status: "done", spent: { tokens: 5 } });
  expect([lazy.code, lazy.stdout.slice(0, 19)]).toEqual([1, "kilo does not work:"]);
  expect(wrong.code).toBe(2);
  expect(existsSync(join(repository.dir, "hello.txt"))).toBe(false);
});

// biome-ignore lint/suspicious/noExplicitAny: what the binary prints is judged by the tests themselves
async function json(repository: TestRepository, ...args: string[]): Promise<any> {
  const { stdout } = await repository.ra(...args, "--json");
  return JSON.parse(stdout);
}
