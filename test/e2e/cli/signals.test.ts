import { expect, test } from "bun:test";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { raBinary } from "../../support/binary.ts";
import { runProgram } from "../../support/program.ts";
import {
  eventsOf,
  statuses,
  type TestRepository,
  testRepository,
} from "../../support/repository.ts";
import { interrupt, openScreen } from "./screen.ts";

/** Two tasks side by side that wait at their gates, and one behind them. */
function gated(repository: TestRepository): string {
  const { hold } = repository;
  return repository.plan([
    { id: "one", run: `${hold("one")}; echo 1 > one.txt` },
    { id: "two", run: `${hold("two")}; echo 2 > two.txt` },
    { id: "last", deps: ["one", "two"], run: "echo last > last.txt" },
  ]);
}

/** A task whose processes do not heed TERM, one of them in a session of its own. */
function stubborn(repository: TestRepository): string {
  const never = repository.hold("never");
  const deaf = `trap "" TERM HUP INT; while :; do ${never}; done`;
  const run = `setsid sh -c '${deaf}' & sh -c '${deaf}' & ${repository.hold("deaf")}; ${deaf}`;
  return repository.plan([
    { id: "deaf", run },
    { id: "next", deps: ["deaf"], run: "echo next > next.txt" },
  ]);
}

test("lets running tasks end at the first Ctrl-C, and loses nothing", async () => {
  const repository = testRepository();
  const screen = await openScreen(repository, ["dispatch", gated(repository)]);
  await Promise.all([repository.arrival("one"), repository.arrival("two")]);

  screen.type(interrupt);
  await screen.shows(/\^C\r\nra: stopping \w+: nothing new starts, running tasks end;/);
  repository.open("one");
  repository.open("two");
  const code = await screen.ended;
  const landed = repository.git("ls-files");
  const resumed = await repository.ra("resume", "@last", "--json");

  expect(code).toBe(130);
  expect(screen.text).toMatch(/result=interrupted exit=130 run=(\w+) next="ra resume \1"/);
  expect(landed).toBe("README.md\none.txt\ntwo.txt");
  expect(resumed.code).toBe(0);
  expect(eventsOf(resumed, "attempt.started").map(({ task }) => task)).toEqual(["last"]);
  expect(statuses(resumed)).toEqual({ one: "done", two: "done", last: "done" });
});

test("leaves a git at work alone when Ctrl-C reaches the whole terminal", async () => {
  const repository = testRepository();
  const bin = join(repository.top, "bin");
  const real = Bun.which("git") ?? "";
  mkdirSync(bin);
  const wait = repository.hold("git");
  // Two may come at once: one of them waits, the other passes.
  const script = `#!/bin/sh\ncase "$*" in *merge-tree*|*commit-tree*) mkdir ${repository.top}/gates/git.once 2>/dev/null && { ${wait}; };; esac\nexec ${real} "$@"\n`;
  writeFileSync(join(bin, "git"), script);
  chmodSync(join(bin, "git"), 0o755);
  const tasks = ["one", "two"];
  const plan = repository.plan(
    tasks.map((id) => ({ id, run: `${repository.hold(id)}; echo ${id} > ${id}.txt` })),
  );
  const screen = await openScreen(repository, ["dispatch", plan], {
    env: { PATH: `${bin}:${repository.env.PATH}` },
  });
  // What has not started by then never does.
  await Promise.all(tasks.map((id) => repository.arrival(id)));
  for (const id of tasks) repository.open(id);
  await repository.arrival("git");

  screen.type(interrupt);
  await screen.shows(/nothing new starts/);
  repository.open("git");
  const code = await screen.ended;

  expect(code).toBe(0);
  expect(repository.git("ls-files")).toBe("README.md\none.txt\ntwo.txt");
});

test("ends whole process trees at the second Ctrl-C, also what ignores TERM", async () => {
  const repository = testRepository();
  const screen = await openScreen(repository, ["dispatch", stubborn(repository)]);
  await Promise.all([repository.arrival("deaf"), repository.arrival("never")]);

  screen.type(interrupt);
  await screen.shows(/nothing new starts/);
  screen.type(interrupt);
  await screen.shows(/ending the running tasks/);
  const code = await screen.ended;

  expect(code).toBe(130);
  expect(repository.living()).toEqual([]);
}, 30_000);

for (const [name, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 143],
] as const) {
  test(`is ended by ${name} with exit code ${code}, and can be resumed`, async () => {
    const repository = testRepository();
    const dispatch = await repository.start("dispatch", gated(repository), "--json");
    await Promise.all([repository.arrival("one"), repository.arrival("two")]);

    dispatch.signal(name);
    if (name === "SIGINT") {
      repository.open("one");
      repository.open("two");
    }
    const result = await dispatch.ended;
    const living = repository.living();
    for (const gate of ["one", "two"]) repository.open(gate);
    const resumed = await repository.ra("resume", "@last", "--json");

    expect(result.code).toBe(code);
    expect(living).toEqual([]);
    expect(statuses(result).last).toBe("stopped");
    expect(resumed.code).toBe(0);
    expect(statuses(resumed)).toEqual({ one: "done", two: "done", last: "done" });
  });
}

test("ends what runs when its terminal window is closed", async () => {
  const repository = testRepository();
  const screen = await openScreen(repository, ["dispatch", gated(repository)]);
  await Promise.all([repository.arrival("one"), repository.arrival("two")]);

  screen.close();
  const code = await screen.ended;
  const shown = await repository.ra("show", "@last", "--json");

  expect(code).toBe(143);
  expect(JSON.parse(shown.stdout).status).toBe("interrupted");
  expect(repository.living()).toEqual([]);
});

test("outlives a hang-up under nohup", async () => {
  const repository = testRepository();
  const argv = [
    "sh",
    "-c",
    `trap '' HUP; exec "$@"`,
    "sh",
    await raBinary(),
    "dispatch",
    gated(repository),
  ];
  const child = Bun.spawn(argv, {
    cwd: repository.dir,
    env: repository.env,
    stdio: ["ignore", "ignore", "ignore"],
  });
  await Promise.all([repository.arrival("one"), repository.arrival("two")]);

  child.kill("SIGHUP");
  repository.open("one");
  repository.open("two");
  const code = await child.exited;

  expect(code).toBe(0);
  expect(repository.git("ls-files")).toContain("last.txt");
});

test("goes on when the reader of its output has gone", async () => {
  const repository = testRepository();
  const plan = gated(repository);
  const ra = await raBinary();
  const pipe = (flags: string, redirect: string) =>
    runProgram(
      [
        "bash",
        "-c",
        `${ra} dispatch ${plan} ${flags} ${redirect} | head -1; exit \${PIPESTATUS[0]}`,
      ],
      {
        cwd: repository.dir,
        env: repository.env,
      },
    );
  for (const gate of ["one", "one", "two", "two"]) repository.open(gate);

  const json = await pipe("--json", "");
  const text = await pipe("", "2>&1");

  expect([json.code, text.code]).toEqual([0, 0]);
  expect(json.out.split("\n")).toHaveLength(2);
  expect(text.out).toMatch(/^ra: run /);
  expect(repository.git("log", "--format=%s").split("\n")).toHaveLength(4);
});

test("tells at the end that standard output could not be stored, and runs to that end", async () => {
  const repository = testRepository();
  const plan = repository.plan([{ id: "one", run: "echo 1 > one.txt" }]);
  const command = `${await raBinary()} dispatch ${plan} --json > /dev/full`;

  const result = await runProgram(["sh", "-c", command], {
    cwd: repository.dir,
    env: repository.env,
  });

  expect(result.code).toBe(6);
  expect(result.err).toContain("error[OUTPUT]: standard output cannot be written: ENOSPC");
  expect(readFileSync(join(repository.dir, "one.txt"), "utf8")).toBe("1\n");
});

test("stops one task by its name, and skips what needs it because of that", async () => {
  const repository = testRepository();
  const dispatch = await repository.start("dispatch", gated(repository), "--json");
  await Promise.all([repository.arrival("one"), repository.arrival("two")]);

  const wrong = await repository.ra("stop", "@last/onne");
  const stop = await repository.ra("stop", "@last/one");
  repository.open("two");
  const result = await dispatch.ended;
  const late = await repository.ra("stop", "@last");

  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toMatch(/^error\[TASK_UNKNOWN\]: .*\nfix: did you mean `\w+\/one`\?\n$/);
  expect(stop.stderr).toMatch(/^ra: \w{4,}\/one is being ended; its work is kept\n$/);
  expect(statuses(result)).toEqual({ one: "stopped", two: "done", last: "skipped" });
  expect(eventsOf(result, "run.finished")[0]?.tasks[2]?.because).toBe("one");
  expect(eventsOf(result, "request.received").map(({ task }) => task)).toEqual(["one"]);
  expect(result.code).toBe(1);
  expect(late.code).toBe(2);
  expect(late.stderr).toMatch(/^error\[NOTHING_TO_STOP\]: run `\w+` has ended: failed\nfix: /);
});

test("stops a whole run from another process", async () => {
  const repository = testRepository();
  const dispatch = await repository.start("dispatch", gated(repository), "--json");
  await Promise.all([repository.arrival("one"), repository.arrival("two")]);

  const stop = await repository.ra("stop", "@last");
  const result = await dispatch.ended;

  expect(stop.code).toBe(0);
  expect(result.code).toBe(1);
  expect(eventsOf(result, "run.finished")[0]?.status).toBe("stopped");
  expect(repository.living()).toEqual([]);
});

test("says of a run whose `ra` was killed that it can only be resumed", async () => {
  const repository = testRepository();
  const dispatch = await repository.start("dispatch", gated(repository));
  await Promise.all([repository.arrival("one"), repository.arrival("two")]);
  dispatch.signal("SIGKILL");
  await dispatch.ended;

  const stop = await repository.ra("stop", "@last");
  const goOn = await repository.ra("continue", "@last");
  const ps = await repository.ra("ps");
  for (const gate of ["one", "one", "two", "two"]) repository.open(gate);
  const resumed = await repository.ra("resume", "@last", "--json");

  expect([stop.code, goOn.code]).toEqual([2, 2]);
  expect(stop.stderr).toMatch(/is gone, and nothing of it runs\nfix: go on with `ra resume \w+`/);
  expect(ps.stdout).toMatch(/abandoned .*its ra is gone: ra resume/);
  expect(resumed.code).toBe(0);
});
