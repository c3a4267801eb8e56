import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Event } from "../../../core/run/event.ts";
import {
  events,
  eventsOf,
  type RaResult,
  statuses,
  testRepository,
  until,
} from "../../support/repository.ts";

interface Interval {
  readonly run: string;
  readonly task: string;
  readonly touching: readonly string[];
  readonly from: number;
  readonly to: number;
}

/** From the start of each task's first attempt to its end, by the one numbering of the registry. */
function intervals(result: RaResult): Interval[] {
  const all = events(result);
  const endOf = (task: string): number =>
    all.find((event: Event) => event.type === "task.finished" && event.task === task)!.seq;
  return eventsOf(result, "attempt.started").map(({ run, task, touching, seq }) => ({
    run,
    task,
    touching,
    from: seq,
    to: endOf(task),
  }));
}

function meet(one: Interval, other: Interval): boolean {
  return one.from < other.to && other.from < one.to;
}

test("two plans with claims apart run at the same time, and both land", async () => {
  const repository = testRepository();
  const { hold } = repository;
  const plan = (id: string) =>
    repository.plan([{ id, touching: [`${id}/**`], run: `${hold(id)}; mkdir ${id}; >${id}/x` }]);

  const one = await repository.start("dispatch", plan("a"), "--json");
  const other = await repository.start("dispatch", plan("b"), "--json");
  await Promise.all(["a", "b"].map(repository.arrival));
  repository.open("a");
  repository.open("b");
  const results = await Promise.all([one.ended, other.ended]);

  expect(results.map(({ code }) => code)).toEqual([0, 0]);
  expect(repository.git("ls-files").split("\n")).toEqual(["README.md", "a/x", "b/x"]);
  expect(repository.git("status", "--porcelain")).toBe("");
});

test("a plan whose claim another plan holds waits, says for whom, and builds on what that landed", async () => {
  const repository = testRepository();
  const { hold } = repository;
  const first = repository.plan([
    { id: "a", touching: ["src/**"], run: `${hold("a")}; mkdir -p src; echo a >> src/list` },
  ]);
  const second = repository.plan([
    { id: "b", touching: ["src/list"], run: `${hold("b")}; echo b >> src/list` },
  ]);

  const one = await repository.start("dispatch", first, "--json");
  await repository.arrival("a");
  const other = await repository.start("dispatch", second, "--json");
  const waiting = async (): Promise<readonly unknown[]> =>
    JSON.parse((await repository.ra("ps", "--json")).stdout).waiting;
  await until(async () => (await waiting()).length > 0, "a task that waits");
  const told = await waiting();
  const seen = (await repository.ra("ps")).stdout;
  repository.open("a");
  repository.open("b");
  const [landed, waited] = await Promise.all([one.ended, other.ended]);

  const holder = `${events(landed)[0]?.run}/a`;
  const reason = { kind: "claim", glob: "src/list", by: holder, theirs: "src/**" } as const;
  expect([landed.code, waited.code]).toEqual([0, 0]);
  expect(eventsOf(waited, "task.waiting").map((event) => event.reason)).toEqual([reason]);
  expect(told).toMatchObject([{ reason }]);
  expect(seen).toContain(holder);
  expect(repository.git("show", "main:src/list")).toBe("a\nb");
});

test("two plans that each want what the other has landed both go on, without a conflict", async () => {
  const repository = testRepository({ "x/list": "0\n", "y/list": "0\n" });
  const { hold } = repository;
  const plan = (name: string, first: string, then: string) =>
    repository.plan([
      { id: `${name}1`, touching: [first], run: `${hold(name)}; echo ${name}1 >> ${first}` },
      { id: `${name}2`, deps: [`${name}1`], touching: [then], run: `echo ${name}2 >> ${then}` },
    ]);

  const one = await repository.start("dispatch", plan("a", "x/list", "y/list"), "--json");
  const other = await repository.start("dispatch", plan("b", "y/list", "x/list"), "--json");
  await Promise.all(["a", "b"].map(repository.arrival));
  repository.open("a");
  repository.open("b");
  const results = await Promise.all([one.ended, other.ended]);

  expect(results.map(({ code }) => code)).toEqual([0, 0]);
  expect(repository.git("show", "main:x/list")).toBe("0\na1\nb2");
  expect(repository.git("show", "main:y/list")).toBe("0\nb1\na2");
  expect(repository.git("status", "--porcelain")).toBe("");
});

test("a claim is given back by a run that is killed", async () => {
  const repository = testRepository();
  const { hold } = repository;
  const first = repository.plan([{ id: "a", touching: ["src/**"], run: hold("a") }]);
  const second = repository.plan([
    { id: "b", touching: ["src/**"], run: "mkdir src; echo b > src/b" },
  ]);

  const one = await repository.start("dispatch", first, "--json");
  await repository.arrival("a");
  const other = await repository.start("dispatch", second, "--json");
  one.signal("SIGKILL");
  const waited = await other.ended;
  repository.open("a");
  await until(() => repository.living().length === 0, "the end of the orphan");

  expect([waited.code, statuses(waited)]).toEqual([0, { b: "done" }]);
});

test("three plans with claims at random never run what overlaps together, and lose nothing", async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  console.log(`seed ${seed}`);
  const random = randomOf(seed);
  const repository = testRepository();
  const plans = ["p", "q", "r"].map((name) =>
    repository.plan(
      [1, 2, 3, 4].map((number) => {
        const path = `dir${Math.floor(random() * 3)}/list`;
        const id = `${name}${number}`;
        const run = `mkdir -p ${path.slice(0, 4)}; echo ${id} >> ${path}`;
        return { id, touching: [path], run };
      }),
    ),
  );

  const results = await Promise.all(plans.map((plan) => repository.ra("dispatch", plan, "--json")));

  const attempts = results.flatMap(intervals);
  const clashes = attempts.flatMap((one, i) =>
    attempts
      .slice(i + 1)
      .filter((other) => one.touching[0] === other.touching[0] && meet(one, other))
      .map((other) => `${one.task} ${other.task}`),
  );
  const lines = repository.git("grep", "-h", "[pqr][1-4]", "main", "--", "dir*").split("\n");
  expect(results.map(({ code, stderr }) => [code, stderr])).toEqual(plans.map(() => [0, ""]));
  expect(clashes).toEqual([]);
  expect(lines.sort()).toEqual(attempts.map(({ task }) => task).sort());
  expect(attempts).toHaveLength(12);
  expect(repository.git("status", "--porcelain")).toBe("");
});

/** Mulberry32: numbers from 0 to 1 that a seed decides. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

test("a plan that lands while another works in place waits until the checkout is its own again", async () => {
  const repository = testRepository();
  const { hold } = repository;
  const here = repository.plan([
    {
      id: "here",
      isolation: "in-place",
      run: `echo half > README.md; ${hold("here")}; echo whole > README.md`,
    },
  ]);
  const elsewhere = repository.plan([{ id: "clone", run: "echo clone > clone.txt" }]);

  const first = await repository.start("dispatch", here, "--json");
  await repository.arrival("here");
  const second = await repository.start("dispatch", elsewhere, "--json");
  await until(
    () => repository.git("for-each-ref", "refs/ra").includes("_tip"),
    "the merge of the clone",
  );
  repository.open("here");
  const results = await Promise.all([first.ended, second.ended]);

  expect(results.map(({ code }) => code)).toEqual([0, 0]);
  expect(repository.git("show", "main:README.md")).toBe("whole");
  expect(repository.git("show", "main:clone.txt")).toBe("clone");
  expect(repository.git("status", "--porcelain")).toBe("");
});

test("two plans that work in place take turns", async () => {
  const repository = testRepository();
  const { hold } = repository;
  const one = repository.plan([
    {
      id: "one",
      isolation: "in-place",
      run: `echo half > README.md; ${hold("one")}; echo one > README.md`,
    },
  ]);
  const two = repository.plan([{ id: "two", isolation: "in-place", run: "echo two > two.txt" }]);

  const first = await repository.start("dispatch", one, "--json");
  await repository.arrival("one");
  const second = await repository.start("dispatch", two, "--json");
  const open = async (): Promise<number> =>
    JSON.parse((await repository.ra("ps", "--json")).stdout).runs.length;
  while ((await open()) < 2);
  repository.open("one");
  const results = await Promise.all([first.ended, second.ended]);

  expect(results.map(({ code }) => code)).toEqual([0, 0]);
  expect(repository.git("show", "main:README.md")).toBe("one");
  expect(repository.git("show", "--name-only", "--format=", "main").trim()).toBe("two.txt");
  expect(repository.git("status", "--porcelain")).toBe("");
});

test("plans that begin in place at the same moment take turns", async () => {
  const repository = testRepository();
  const order = join(repository.top, "order");
  const alone = `mkdir ${repository.top}/busy; sleep 0.1; rmdir ${repository.top}/busy`;
  const plans = ["one", "two", "three"].map((id) =>
    repository.plan([
      {
        id,
        isolation: "in-place",
        run: `set -e; ${alone}; echo ${id} >> ${order}; echo x > ${id}.txt`,
      },
    ]),
  );

  const started = await Promise.all(plans.map((plan) => repository.start("dispatch", plan)));
  const results = await Promise.all(started.map(({ ended }) => ended));

  expect(results.map(({ code }) => code)).toEqual([0, 0, 0]);
  expect(repository.git("ls-tree", "--name-only", "main").split("\n")).toEqual(
    expect.arrayContaining(["one.txt", "three.txt", "two.txt"]),
  );
  expect(readFileSync(order, "utf8").trim().split("\n").sort()).toEqual(["one", "three", "two"]);
});
