import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { QueuedRequest } from "../../../core/queue/request.ts";
import { Registry } from "../../../core/registry/registry.ts";
import { Requests } from "../../../core/registry/requests.ts";
import { findPlace } from "../../../core/workspace/place.ts";
import { onTestEnd } from "../../support/leftovers.ts";
import {
  type RaProcess,
  type TestRepository,
  testRepository,
  until,
} from "../../support/repository.ts";
import { fakeKilo } from "./agent.ts";

interface Dispatch {
  readonly status: string;
  readonly tasks: readonly { readonly taskStatus?: string; readonly error?: string }[];
}

/** A repository, and a directory beside it that is watched. Each task writes a file and a line in `starts`. */
function world(body = "") {
  const repository = testRepository();
  const dir = join(repository.top, "inbox");
  mkdirSync(dir);
  const starts = join(repository.top, "starts");
  writeFileSync(starts, "");
  fakeKilo(repository, `echo "$RA_TASK" >> ${starts}; ${body} date +%s%N > "$RA_TASK.txt"`);
  const path = join(dir, "wa_dispatch.json");
  return {
    ...{ repository, dir, path },
    started: () => readFileSync(starts, "utf8").split("\n").filter(Boolean),
    read: (at = path): Dispatch => JSON.parse(readFileSync(at, "utf8")),
  };
}

/** `ra watch` of a test; it has ended when the test has. */
async function watch(repository: TestRepository, dir: string): Promise<RaProcess> {
  const started = await repository.start("watch", dir);
  onTestEnd(async () => {
    started.signal("SIGTERM");
    await started.ended;
  });
  return started;
}

/** As the bot writes it: whole or not at all. */
function put(path: string, content: object): void {
  writeFileSync(`${path}.new`, JSON.stringify(content));
  renameSync(`${path}.new`, path);
}

function plan(ids: readonly number[], rest: object = {}): object {
  const tasks = ids.map((id) => ({ id, description: `Task ${id}`, platform: "kilo" }));
  return { timestamp: "2026-11-26T10:00:00Z", status: "approved", mode: "auto", tasks, ...rest };
}

const statusOf = ({ tasks }: Dispatch) => tasks.map(({ taskStatus }) => taskStatus ?? null);

async function runsOf(repository: TestRepository): Promise<readonly { status: string }[]> {
  const { stdout } = await repository.ra("ps", "--all", "--json");
  return JSON.parse(stdout).runs;
}

async function requestsOf({ dir }: TestRepository): Promise<readonly QueuedRequest[]> {
  await using registry = await Registry.open(findPlace(dir));
  return new Requests(registry.database).newest(10);
}

test("runs what is approved, tells the file, and steps by the continue file", async () => {
  const { repository, dir, path, read } = world();
  writeFileSync(join(dir, "state.json"), '{"activeProject": "x", "tasks": 1');
  writeFileSync(join(dir, "huge.json"), Buffer.alloc(9 * 1024 ** 2, " "));
  put(join(dir, "later.json"), plan([9], { status: "pending_approval" }));
  await watch(repository, dir);

  put(path, plan([1, 2], { mode: "step-through" }));
  await until(() => read().tasks[0]?.taskStatus === "done", "the first task");
  await until(async () => (await runsOf(repository))[0]?.status === "paused", "the pause");
  const between = read();
  writeFileSync(join(dir, "wa_dispatch_continue.json"), '{"timestamp":"x","action":"continue"}');
  await until(() => read().status === "completed", "the end");

  expect([between.status, statusOf(between)]).toEqual(["approved", ["done", null]]);
  expect(statusOf(read())).toEqual(["done", "done"]);
  expect(repository.git("ls-files")).toContain("2.txt");
  expect(existsSync(join(dir, "wa_dispatch_continue.json"))).toBe(false);
  expect(existsSync(join(dir, "state.json.error.txt"))).toBe(false);
  expect(await runsOf(repository)).toHaveLength(1);
});

test("ends a run whose file says `stopped`, is gone, or holds another plan", async () => {
  const { repository, dir, path, read } = world('[ "$RA_TASK" = 1 ] || exec sleep 1000;');
  await watch(repository, dir);
  const running = () => until(() => read().tasks.at(-1)?.taskStatus === "running", "a task");

  put(path, plan([1, 2]));
  await running();
  put(path, { ...read(), status: "stopped" });
  await until(() => read().tasks[1]?.taskStatus === "stopped", "the stop");
  put(path, plan([3]));
  await running();
  rmSync(path);
  await until(async () => (await runsOf(repository))[0]?.status === "stopped", "the second stop");
  put(path, plan([4]));
  await running();
  put(path, plan([1], { timestamp: "2026-11-26T11:00:00Z" }));
  await until(() => read().status === "completed", "the last plan");

  const runs = await runsOf(repository);
  expect(runs.map(({ status }) => status)).toEqual(["succeeded", "stopped", "stopped", "stopped"]);
});

test("runs files of two projects side by side, and of one project one after the other", async () => {
  const one = world();
  const other = world();
  const { repository, dir } = one;
  fakeKilo(repository, `${repository.hold("both")}; echo "$RA_TASK" > "$RA_TASK.txt"`);
  const at = (name: string): string => join(dir, `${name}.json`);
  put(at("a"), plan([1]));
  put(at("b"), plan([2]));
  put(at("c"), plan([3], { project: other.repository.dir }));
  await watch(repository, dir);

  const running = (name: string) => one.read(at(name)).tasks[0]?.taskStatus === "running";
  await until(() => running("a") && running("c"), "both projects");
  const waits = statusOf(one.read(at("b")));
  for (let i = 0; i < 3; i++) repository.open("both");
  for (const name of ["a", "b", "c"])
    await until(() => one.read(at(name)).status === "completed", name);

  expect(waits).toEqual([null]);
  expect(repository.git("ls-files")).toBe("1.txt\n2.txt\nREADME.md");
  expect(other.repository.git("ls-files")).toBe("3.txt\nREADME.md");
});

test("tells beside a file why it is not run, once, until it changes", async () => {
  const { repository, dir, path, read, started } = world();
  const told = `${path}.error.txt`;
  const half = JSON.stringify(plan([1]));
  const { ended, signal } = await watch(repository, dir);

  put(path, plan([1], { tasks: [{ id: 1, description: "a", platform: "klio", deps: [2] }] }));
  await until(() => existsSync(told), "what is wrong");
  const wrong = readFileSync(told, "utf8");
  put(path, plan([1], { project: "/nowhere" }));
  await until(() => readFileSync(told, "utf8").includes("PROJECT_UNKNOWN"), "the project");
  writeFileSync(path, half.slice(0, -3));
  await until(() => readFileSync(told, "utf8").includes("PLAN_"), "the half");
  const before = started();
  writeFileSync(path, half);
  await until(() => read().status === "completed", "the end");
  signal("SIGTERM");
  const { stderr } = await ended;

  expect(wrong).toMatch(/^ra watch did not run wa_dispatch.json:\n\nerror\[PLAN_UNKNOWN_RUNNER\]/);
  expect(wrong).toContain("did you mean `kilo`");
  expect(wrong).toContain("error[PLAN_UNKNOWN_TASK]");
  expect([before, started()]).toEqual([[], ["1"]]);
  expect(existsSync(told)).toBe(false);
  expect(stderr.match(/is not run/g)).toHaveLength(3);
});

test("what cannot even start is told beside the file, which says `stopped`", async () => {
  const { repository, dir, path, read } = world();
  repository.git("checkout", "--quiet", "--detach");
  await watch(repository, dir);

  put(path, plan([1]));
  await until(() => existsSync(`${path}.error.txt`), "what is wrong");

  expect(read().status).toBe("stopped");
  expect(readFileSync(`${path}.error.txt`, "utf8")).toContain("no branch is checked out");
});

test("a file that cannot be written is run once", async () => {
  const { repository, dir, started } = world();
  // Nothing can be written beside it: every other name would be too long.
  const long = join(dir, `${"a".repeat(250)}.json`);
  writeFileSync(long, JSON.stringify(plan([1])));
  const first = await watch(repository, dir);
  await until(async () => (await runsOf(repository))[0]?.status === "succeeded", "the run");
  await until(async () => (await requestsOf(repository))[0]?.status === "fulfilled", "its end");

  first.signal("SIGTERM");
  await first.ended;
  const second = await watch(repository, dir);
  const other = join(dir, "b.json");
  put(other, plan([2]));
  await until(() => JSON.parse(readFileSync(other, "utf8")).status === "completed", "the other");
  second.signal("SIGTERM");
  await second.ended;

  expect(started()).toEqual(["1", "2"]);
  expect(JSON.parse(readFileSync(long, "utf8"))).toEqual(plan([1]));
});

for (const kills of ["the watcher", "the watcher and all that it started"] as const) {
  test(`goes on after kill -9 of ${kills}, and runs nothing twice`, async () => {
    const { repository, dir, path, read, started } = world();
    fakeKilo(
      repository,
      `echo "$RA_TASK" >> ${join(repository.top, "starts")}; [ "$RA_TASK" = 1 ] || { ${repository.hold("two")}; }; echo x > "$RA_TASK.txt"`,
    );
    put(path, plan([1, 2]));
    const first = await watch(repository, dir);
    await repository.arrival("two");

    first.signal("SIGKILL");
    await first.ended;
    if (kills !== "the watcher") {
      for (const pid of repository.living()) process.kill(pid, "SIGKILL");
      // One that has yet to die could still take what opens the gate.
      await until(() => repository.living().length === 0, "their end");
    }
    const during = read();
    const second = await watch(repository, dir);
    repository.open("two");
    await until(() => read().status === "completed", "the end");
    second.signal("SIGTERM");
    await second.ended;
    // What the first one had started is not the second one's to wait for.
    await until(() => repository.living().length === 0, "the end of all programs");

    expect([during.status, statusOf(during)]).toEqual(["approved", ["done", "running"]]);
    expect(statusOf(read())).toEqual(["done", "done"]);
    expect(started().filter((id) => id === "1")).toHaveLength(1);
    expect(await runsOf(repository)).toHaveLength(1);
    expect(repository.git("ls-files")).toBe("1.txt\n2.txt\nREADME.md");
  });
}

test("a signal interrupts what runs, and the next start goes on with it", async () => {
  const { repository, dir, path, read } = world();
  fakeKilo(repository, `${repository.hold("one")}; echo x > "$RA_TASK.txt"`);
  put(path, plan([1]));
  const first = await watch(repository, dir);
  await repository.arrival("one");

  first.signal("SIGTERM");
  const { code, stderr } = await first.ended;
  const between = [read().status, repository.living()];
  await watch(repository, dir);
  repository.open("one");
  await until(() => read().status === "completed", "the end");

  expect([code, stderr]).toEqual([0, expect.stringContaining("goes on with the next start")]);
  expect(between).toEqual(["approved", []]);
  expect(await runsOf(repository)).toHaveLength(1);
});

test("two that watch the same directory run a file once", async () => {
  const { repository, dir, path, read, started } = world();
  await Promise.all([watch(repository, dir), watch(repository, dir)]);

  for (const [i, id] of [1, 2, 3].entries()) {
    put(path, plan([id]));
    await until(() => read().status === "completed" && started().length > i, `plan ${id}`);
  }

  expect(started()).toEqual(["1", "2", "3"]);
  expect(await runsOf(repository)).toHaveLength(3);
});

test("a directory that is not there is refused", async () => {
  const { repository } = world();

  const { code, stderr } = await repository.ra("watch", "nowhere");

  expect([code, stderr]).toEqual([2, expect.stringContaining("error[DIR_UNKNOWN]")]);
});
