import { expect, test } from "bun:test";
import { thisOwner } from "../../core/process/owner.ts";
import { Requests } from "../../core/registry/requests.ts";
import { salvageRegistry } from "../../core/registry/salvage.ts";
import { newRequest } from "../queue/request.ts";
import { nobody, samplePlan, started } from "./sample.ts";
import { openRegistry, stateDirectory } from "./temporary.ts";

async function requestsOf(stateDir = stateDirectory()): Promise<Requests> {
  return new Requests((await openRegistry(stateDir)).database);
}

/** The one request that was accepted. Throws when it was not. */
function accept(requests: Requests, ...args: Parameters<typeof newRequest>) {
  const acceptance = requests.accept([newRequest(...args)], 64);
  if (acceptance.kind !== "accepted") throw new Error(`it was not accepted: ${acceptance.kind}`);
  return acceptance.requests[0]!;
}

const fulfilled = { status: "fulfilled", exitCode: 0, reason: null } as const;

test("what was accepted is there for the next process, in order, each with a run of its own", async () => {
  const stateDir = stateDirectory();
  const first = await requestsOf(stateDir);
  for (const name of ["a", "b", "c"]) accept(first, name);

  const open = (await requestsOf(stateDir)).open();

  expect(open.map(({ name, status }) => [name, status])).toEqual([
    ["a", "queued"],
    ["b", "queued"],
    ["c", "queued"],
  ]);
  expect(new Set(open.flatMap(({ id, run }) => [id, run])).size).toBe(6);
});

test("says that it is full, and takes no part of what does not fit", async () => {
  const requests = await requestsOf();
  accept(requests, "a");

  const refused = requests.accept([newRequest("b"), newRequest("c")], 2);

  expect(refused).toEqual({ kind: "full", waiting: 1 });
  expect(requests.open().map(({ name }) => name)).toEqual(["a"]);
});

test("counts what waits, not what runs, against its room", async () => {
  const requests = await requestsOf();
  const { id } = accept(requests, "a");
  requests.begin(id);

  expect(requests.accept([newRequest("b")], 1).kind).toBe("accepted");
  expect(requests.accept([newRequest("c")], 1).kind).toBe("full");
});

test("a key stands for one request, also when the queue is full and after its end", async () => {
  const requests = await requestsOf();
  const first = accept(requests, "a", { key: "k" });

  const full = requests.accept([newRequest("a", { key: "k" })], 0);
  requests.settle(first.id, fulfilled);
  const ended = requests.accept([newRequest("a", { key: "k" })], 64);

  expect(full).toMatchObject({ kind: "accepted", known: true, requests: [{ id: first.id }] });
  expect(ended).toMatchObject({ known: true, requests: [{ id: first.id, status: "fulfilled" }] });
});

test("a key that asks for something else is refused; that of another source is another one", async () => {
  const requests = await requestsOf();
  accept(requests, "a", { key: "k" });

  const other = requests.accept([newRequest("b", { key: "k" })], 64);
  const elsewhere = requests.accept([newRequest("b", { key: "k", source: "cron" })], 64);

  expect(other).toEqual({ kind: "conflict", key: "k" });
  expect(elsewhere).toMatchObject({ kind: "accepted", known: false });
});

test("ends once: by whoever is first", async () => {
  const requests = await requestsOf();
  const { id } = accept(requests, "a");
  requests.begin(id);

  expect(requests.settle(id, fulfilled)).toBe(true);
  expect(requests.settle(id, { status: "rejected", exitCode: 1, reason: "late" })).toBe(false);
  expect(requests.cancel(id, "Ada")).toBe("settled");
  expect(requests.find(id)).toMatchObject({ status: "fulfilled", exitCode: 0, cancelledBy: null });
});

test("cancels at once what waits, and notes for what runs who wants its end", async () => {
  const requests = await requestsOf();
  const [waits, runs] = [accept(requests, "waits"), accept(requests, "runs")];
  requests.begin(runs.id);

  expect(requests.cancel(waits.id, "Ada")).toBe("cancelled");
  expect(requests.cancel(runs.id, "Ada")).toBe("asked");
  expect(requests.cancel("nothing", "Ada")).toBe("unknown");
  expect(requests.begin(waits.id)).toBe(false);
  expect(requests.find(waits.id)).toMatchObject({ status: "cancelled", exitCode: null });
  expect(requests.find(runs.id)).toMatchObject({ status: "running", cancelledBy: "Ada" });
});

test("is driven by one process at a time; that of a dead one is taken over", async () => {
  const requests = await requestsOf();
  const { id } = accept(requests, "a");
  const parent = { ...thisOwner(), pid: process.ppid, startTicks: null };

  expect(requests.claim(id, nobody)).toBe(false);
  requests.begin(id);
  expect(requests.claim(id, nobody)).toBe(true);
  expect(requests.driver(id)).toBeNull();
  expect(requests.claim(id, thisOwner())).toBe(true);
  expect(requests.claim(id, parent)).toBe(false);
  expect(requests.driver(id)?.pid).toBe(process.pid);
});

test("gets another run when somebody else's run has taken the id", async () => {
  const registry = await openRegistry();
  const requests = new Requests(registry.database);
  const { id, run } = accept(requests, "a");
  requests.begin(id);
  await registry.commit(run, () => [started(samplePlan(["x"]))]);

  requests.claim(id, thisOwner());

  expect(requests.find(id)?.run).not.toBe(run);
});

test("keeps the run that is its own", async () => {
  const registry = await openRegistry();
  const requests = new Requests(registry.database);
  const { id, run } = accept(requests, "a");
  requests.begin(id);
  await registry.commit(run, () => [{ ...started(samplePlan(["x"])), requestId: id } as never]);

  requests.claim(id, thisOwner());

  expect(requests.find(id)?.run).toBe(run);
  expect(requests.isReserved(run)).toBe(true);
});

test("a damaged registry gives them back, and what ran and lost its run is over", async () => {
  const stateDir = stateDirectory();
  const requests = await requestsOf(stateDir);
  for (const name of ["waits", "runs"]) accept(requests, name);
  requests.begin(requests.open()[1]?.id ?? "");

  await salvageRegistry(stateDir, "now");

  const mended = await requestsOf(stateDir);
  expect(mended.newest(9).map(({ name, status }) => [name, status])).toEqual([
    ["runs", "rejected"],
    ["waits", "queued"],
  ]);
});
