import { expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Registry } from "../../core/registry/registry.ts";
import { ReportWriter, writeReports } from "../../core/report/writer.ts";
import {
  attemptFinished,
  attemptStarted,
  samplePlan,
  spawned,
  started,
} from "../registry/sample.ts";
import { openRegistry, stateDirectory } from "../registry/temporary.ts";
import { onTestEnd, temporaryDirectory } from "../support/leftovers.ts";

test("both files follow the registry and are hidden from git", async () => {
  const root = temporaryDirectory();
  const registry = await openRegistry();
  const writer = new ReportWriter(registry, root);

  await registry.commit("r7k2", () => begins);
  await writer.close();

  expect(JSON.parse(read(root, "processes.json"))).toMatchObject({
    seq: 3,
    processes: [{ id: "r7k2/a/1", task: "Do a", touching: ["src/**"], pid: process.pid }],
  });
  expect(read(root, "state.md")).toContain("- `src/**` by `r7k2/a`");
  expect(read(root, ".gitignore")).toBe("*\n");
  expect(readdirSync(join(root, ".ra")).sort()).toEqual([
    ".gitignore",
    "processes.json",
    "state.md",
  ]);
  expect(statSync(join(root, ".ra")).mode & 0o777).toBe(0o700);
});

test("files are written while the run goes on", async () => {
  const root = temporaryDirectory();
  const registry = await openRegistry();
  await using _writer = new ReportWriter(registry, root);

  await registry.commit("r7k2", () => begins);
  while (!existsSync(join(root, ".ra", "state.md"))) await new Promise(setImmediate);

  expect(JSON.parse(read(root, "processes.json")).seq).toBe(3);
});

test("a burst of events costs few writes, and the newest one is told", async () => {
  const root = temporaryDirectory();
  const registry = await openRegistry();
  let looks = 0;
  const clock = {
    now: () => {
      looks++;
      return Date.now();
    },
    monotonic: () => performance.now(),
    sleep: async () => {},
    after: () => () => {},
  };
  const began = performance.now();
  const writer = new ReportWriter(registry, root, { clock });

  await registry.commit("r7k2", () => begins);
  for (let i = 0; i < 300; i++) {
    await registry.commit("r7k2", () => [{ type: "run.continued", by: "ann" }]);
  }
  await writer.close();

  const slots = Math.ceil((performance.now() - began) / 50);
  expect(looks).toBeLessThanOrEqual(slots + 2);
  expect(JSON.parse(read(root, "processes.json")).seq).toBe(303);
});

test("a reader always finds whole files whose seq only grows", async () => {
  const root = temporaryDirectory();
  const stateDir = stateDirectory();
  const doors = [await openRegistry(stateDir), await openRegistry(stateDir)] as const;
  await doors[0].commit("r7k2", () => begins);
  writeReports(doors[0].database, root, Date.now());
  const reader = await startReader(root);

  for (let i = 0; i < 200; i++) {
    const door = doors[i % 2] as Registry;
    const other = doors[(i + 1) % 2] as Registry;
    await door.commit("r7k2", () => [{ type: "run.continued", by: "ann" }]);
    writeReports(other.database, root, Date.now());
  }

  const seen = await reader.stop();
  expect([seen.at(0), seen.at(-1)]).toEqual([3, 203]);
  expect(seen.toSorted((a, b) => a - b)).toEqual(seen);
});

test("a failure is told once and never thrown", async () => {
  const root = temporaryDirectory();
  writeFileSync(join(root, ".ra"), "in the way");
  const errors: unknown[] = [];
  const registry = await openRegistry();
  const writer = new ReportWriter(registry, root, { onError: (error) => errors.push(error) });

  await registry.commit("r7k2", () => begins);
  await registry.commit("r7k2", () => [attemptFinished("a")]);
  await writer.close();
  await writer.close();

  expect(errors).toHaveLength(1);
});

test("links that a repository brings lead nowhere", async () => {
  const [root, elsewhere] = [temporaryDirectory(), temporaryDirectory()];
  const { database } = await openRegistry();
  const victim = join(elsewhere, "victim");
  writeFileSync(victim, "untouched");
  mkdirSync(join(root, ".ra"));
  for (const name of ["processes.json", "processes.json.new", "state.md.new"]) {
    symlinkSync(victim, join(root, ".ra", name));
  }
  const linked = temporaryDirectory();
  symlinkSync(elsewhere, join(linked, ".ra"));

  writeReports(database, root, Date.now());

  expect(() => writeReports(database, linked, Date.now())).toThrow("symbolic link");
  expect(readFileSync(victim, "utf8")).toBe("untouched");
  expect(readdirSync(elsewhere)).toEqual(["victim"]);
  expect(JSON.parse(read(root, "processes.json")).seq).toBe(0);
});

const begins = [started(samplePlan(["a"])), attemptStarted("a", 1, ["src/**"]), spawned("a")];

function read(root: string, name: string): string {
  return readFileSync(join(root, ".ra", name), "utf8");
}

/** Reads the file over and over in a thread of its own, and fails on a text that is not whole. */
async function startReader(root: string): Promise<{ stop(): Promise<number[]> }> {
  const path = JSON.stringify(join(root, ".ra", "processes.json"));
  const source = `
    const { readFileSync } = require("node:fs");
    const seen = [];
    let isAsked = false;
    self.onmessage = () => { isAsked = true; };
    const look = () => {
      const isLast = isAsked;
      const { seq } = JSON.parse(readFileSync(${path}, "utf8"));
      if (seen.length === 0) postMessage(null);
      if (seen.at(-1) !== seq) seen.push(seq);
      if (isLast) postMessage(seen); else setImmediate(look);
    };
    look();
  `;
  const worker = new Worker(URL.createObjectURL(new Blob([source])));
  onTestEnd(() => worker.terminate());
  await answerOf(worker);
  return {
    stop() {
      const seen = answerOf(worker) as Promise<number[]>;
      worker.postMessage("stop");
      return seen;
    },
  };
}

function answerOf(worker: Worker): Promise<unknown> {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
  });
}
