import { expect, test } from "bun:test";
import { appendFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { findPlace } from "../../core/workspace/place.ts";
import { attemptStarted, samplePlan, sampleTask, started } from "../registry/sample.ts";
import { openRegistry } from "../registry/temporary.ts";
import { daemonInside } from "./daemon.ts";

interface Told {
  readonly text: string;
  readonly next: number;
  readonly size: number;
  readonly open: boolean;
  readonly tries: number;
  readonly id: string;
  readonly error: { readonly code: string };
}

/** A daemon that knows a run whose task is at work, and the directory of what it prints. */
async function withRun() {
  const daemon = await daemonInside();
  const place = findPlace(daemon.dir);
  await using registry = await openRegistry(place.stateDir);
  const plan = samplePlan([sampleTask("api", { verify: "true" })]);
  await registry.commit("abcd", () => [started(plan), attemptStarted("api")]);
  const directory = join(place.stateDir, "runs", "abcd", "api");
  mkdirSync(directory, { recursive: true });
  const told = async (path: string) => {
    const answer = await daemon.ask(`/api/runs/abcd/tasks/api${path}`);
    return { status: answer.status, ...((await answer.json()) as Told) };
  };
  return { daemon, directory, told };
}

test("tells what an attempt prints, from a byte on, as it grows", async () => {
  const { directory, told } = await withRun();
  const path = join(directory, "1.log");
  const empty = await told("/attempts/1/log");
  appendFileSync(path, "first\nsec");

  const first = await told("/attempts/1/log");
  appendFileSync(path, "ond\n\u001b[31mthird\n");
  const second = await told(`/attempts/1/log?offset=${first.next}`);
  const end = await told("/attempts/1/log?offset=-6");
  appendFileSync(join(directory, "1.verify.log"), "checked\n");
  const check = await told("/attempts/1/checks/1/log");

  expect(empty).toMatchObject({ text: "", next: 0, size: 0, open: true });
  expect(first).toMatchObject({ text: "first\n", next: 6, size: 9, open: true });
  expect(second).toMatchObject({ text: "second\n\u001b[31mthird\n", next: 24 });
  expect(end.text).toBe("third\n");
  expect(check).toMatchObject({ text: "checked\n", tries: 1 });
});

test("gives a log of any size in parts that an answer can hold", async () => {
  const { directory, told } = await withRun();
  const all = Array.from({ length: 120_000 }, (_, i) => `line ${i}\n`).join("");
  appendFileSync(join(directory, "1.log"), all);

  let [text, next, parts] = ["", 0, 0];
  while (next < all.length) {
    const part = await told(`/attempts/1/log?offset=${next}`);
    text += part.text;
    next = part.next;
    parts += 1;
  }

  expect(text).toBe(all);
  expect(parts).toBeGreaterThan(1);
});

test("tells a task with its attempts, and says what there is not", async () => {
  const { daemon, told } = await withRun();

  const [task, attempt, number, offset] = await Promise.all([
    told(""),
    told("/attempts/2/log"),
    told("/attempts/x/log"),
    told("/attempts/1/log?offset=x"),
  ]);
  const unknown = await daemon.ask("/api/runs/abcd/tasks/other");

  expect(task).toMatchObject({ status: "running", id: "api" });
  expect([attempt, number, offset].map(({ status, error }) => [status, error.code])).toEqual([
    [404, "UNKNOWN"],
    [404, "UNKNOWN"],
    [400, "BAD_QUERY"],
  ]);
  expect(unknown.status).toBe(404);
});
