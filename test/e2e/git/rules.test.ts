import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ending, eventsOf, statuses, testRepository, until } from "../../support/repository.ts";

test("a task that is not parallel runs alone", async () => {
  const repository = testRepository();
  const { hold } = repository;
  const plan = repository.plan([
    { id: "alone", parallel: false, run: "echo alone > alone.txt" },
    { id: "one", run: hold("one") },
    { id: "other", run: hold("other") },
    { id: "last", deps: ["one"], run: "true" },
  ]);

  const dispatch = await repository.start("dispatch", plan, "--json");
  repository.open("one");
  repository.open("other");
  const result = await dispatch.ended;

  const starts = eventsOf(result, "attempt.started");
  const ends = eventsOf(result, "task.finished");
  const [from, to] = [starts, ends].map((list) => list.find(({ task }) => task === "alone")!.seq);
  const others = starts.map(({ task, seq }) => ({
    task,
    from: seq,
    to: ends.find((end) => end.task === task)!.seq,
  }));
  const beside = others.filter(
    (each) => each.task !== "alone" && each.from < to! && each.to > from!,
  );
  expect(result.code).toBe(0);
  expect(beside).toEqual([]);
});

describe("a change outside its task's claim", () => {
  const run = "mkdir -p in out; echo x > in/x; echo x > out/x";

  test("lands with a warning by default", async () => {
    const repository = testRepository();
    const plan = repository.plan([{ id: "a", touching: ["in/**"], run }]);

    const result = await repository.ra("dispatch", plan, "--json");

    expect(result.code).toBe(0);
    expect(eventsOf(result, "merge.finished")[0]?.warnings).toEqual([
      "changed paths outside its scope: out/x",
    ]);
    expect(repository.git("show", "main:out/x")).toBe("x");
  });

  test("keeps the whole result out where the scope blocks", async () => {
    const repository = testRepository();
    const plan = repository.plan([{ id: "a", touching: ["in/**"], scope: "block", run }]);

    const result = await repository.ra("dispatch", plan, "--json");

    const { run: id, tasks } = ending(result);
    expect(result.code).toBe(1);
    expect(tasks[0]?.error?.kind).toBe("scope");
    expect(repository.git("ls-tree", "-r", "--name-only", "main")).toBe("README.md");
    expect(repository.git("show", `refs/ra/${id}/a/1:out/x`)).toBe("x");
  });

  test("is free where the scope extends, unless somebody at work claims the path", async () => {
    const repository = testRepository();
    const { hold } = repository;
    const plan = repository.plan([
      { id: "holder", touching: ["out/**"], run: hold("holder") },
      { id: "taker", touching: ["in/**"], scope: "extend", run },
      { id: "free", touching: ["in/**"], scope: "extend", run: "echo x > free.txt" },
    ]);

    const dispatch = await repository.start("dispatch", plan, "--json");
    const areThrough = (): boolean =>
      repository.git("for-each-ref", "refs/ra/*/taker/1", "refs/ra/*/free/1").includes("free");
    await repository.arrival("holder");
    await until(areThrough, "the result of both");
    repository.open("holder");
    const result = await dispatch.ended;

    expect(statuses(result)).toEqual({ holder: "done", taker: "error", free: "done" });
    const holder = `${ending(result).run}/holder`;
    expect(ending(result).tasks[1]?.error).toEqual({
      kind: "scope",
      message: `changed paths that others claim: out/x (${holder})`,
    });
    expect(repository.git("show", "main:free.txt")).toBe("x");
  });
});

test("two tasks may touch a shared path at the same time", async () => {
  const repository = testRepository({ lock: "0\n" });
  const { hold } = repository;
  const task = (id: string) => ({
    id,
    touching: [`${id}.txt`, "lock"],
    run: `${hold(id)}; echo ${id} > ${id}.txt`,
  });
  const plan = repository.plan([task("a"), task("b")], { shared: ["lock"] });

  const dispatch = await repository.start("dispatch", plan, "--json");
  await Promise.all(["a", "b"].map(repository.arrival));
  repository.open("a");
  repository.open("b");
  const result = await dispatch.ended;

  expect(result.code).toBe(0);
  expect(eventsOf(result, "task.waiting")).toEqual([]);
});

test("a failed attempt is tried again after a growing pause, each on a fresh workspace", async () => {
  const repository = testRepository();
  const run =
    "test ! -e left.txt || echo dirty >&2; echo x > left.txt; basename $RA_ATTEMPT | grep 3";
  const retries = { max: 2, backoff: "500ms", maxBackoff: "10s" };
  const plan = repository.plan([{ id: "a", retries, run }]);

  const result = await repository.ra("dispatch", plan, "--json");

  const pauses = eventsOf(result, "task.parked").map(
    ({ at, until }) => Date.parse(until) - Date.parse(at),
  );
  const starts = eventsOf(result, "attempt.started").map(({ at }) => Date.parse(at));
  const parked = eventsOf(result, "task.parked").map(({ until }) => Date.parse(until));
  expect(result.code).toBe(0);
  expect(ending(result).tasks[0]?.attempts).toBe(3);
  // A fact is stamped when it is written, which may be late; it is never early.
  expect(pauses[0]).toBeWithin(1, 501);
  expect(pauses[1]).toBeWithin(501, 1001);
  expect(parked.map((until, i) => starts[i + 1]! >= until)).toEqual([true, true]);
  expect(repository.git("show", "main:left.txt")).toBe("x");
});

test("a task that fails every time ends in error with the last message", async () => {
  const repository = testRepository();
  const retries = { max: 1, backoff: "1ms", maxBackoff: "1ms" };
  const plan = repository.plan([{ id: "a", retries, run: "echo this is why >&2; exit 4" }]);

  const result = await repository.ra("dispatch", plan, "--json");

  expect(result.code).toBe(1);
  expect(ending(result).tasks).toMatchObject([
    { attempts: 2, error: { kind: "failed", message: "exit 4: this is why" } },
  ]);
});

test("a timeout ends the whole tree, also what ignores TERM and what left the session", async () => {
  const repository = testRepository();
  const child = "trap '' TERM HUP; echo $$ >> $GATES/pids; while :; do sleep 60 & wait; done";
  const run = `trap '' TERM; echo kept > kept.txt; setsid sh -c "${child.replaceAll("$", "\\$")}" & sh -c '${child.replaceAll("'", `'"'"'`)}' & while :; do sleep 60 & wait; done`;
  const plan = repository.plan([{ id: "a", timeout: "700ms", run }]);

  const result = await repository.ra("dispatch", plan, "--json");

  const pids = readFileSync(join(repository.top, "gates/pids"), "utf8").trim().split("\n");
  expect(result.code).toBe(1);
  expect(ending(result).tasks[0]?.error).toEqual({
    kind: "timeout",
    message: "no end within 0.7 s",
  });
  expect(pids).toHaveLength(2);
  expect(pids.filter((pid) => existsSync(`/proc/${pid}/root/`))).toEqual([]);
  expect(repository.living()).toEqual([]);
  expect(repository.git("show", `refs/ra/${ending(result).run}/a/1:kept.txt`)).toBe("kept");
}, 20_000);

test("what a command leaves running in a session of its own is ended with the run", async () => {
  const repository = testRepository();
  const run =
    "setsid sh -c 'echo here > $GATES/left; exec sleep 60' >/dev/null 2>&1 & until test -s $GATES/left; do :; done";
  const plan = repository.plan([{ id: "a", run }]);

  const result = await repository.ra("dispatch", plan, "--json");

  expect(result.code).toBe(0);
  expect(repository.living()).toEqual([]);
});
