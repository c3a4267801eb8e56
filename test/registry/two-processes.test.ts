import { expect, test } from "bun:test";
import { join } from "node:path";
import { capture } from "../../core/process.ts";
import { runs } from "../../core/registry/query.ts";
import { openRegistry, stateDirectory } from "./temporary.ts";

const writer = join(import.meta.dir, "writer-process.ts");
const attemptsMax = 60;
const eventsMax = 1 + 2 * attemptsMax;

test("processes that write at once lose nothing and leave no gap", async () => {
  const stateDir = stateDirectory();
  const names = ["one", "two", "three"];

  const outputs = await Promise.all(names.map((run) => write(stateDir, run)));

  const registry = await openRegistry(stateDir);
  const seqs = outputs.flatMap((output) => JSON.parse(output) as number[]);
  expect(seqs.sort((a, b) => a - b)).toEqual(
    Array.from({ length: names.length * eventsMax }, (_, i) => i + 1),
  );
  for (const run of names) expect(await registry.read(run, 0)).toHaveLength(eventsMax);
  expect(runs(registry.database, { limit: 9 }).map(({ driven }) => driven)).toEqual([
    false,
    false,
    false,
  ]);
}, 30_000);

test("a reader is never kept waiting, and never sees half a transaction", async () => {
  const stateDir = stateDirectory();
  const registry = await openRegistry(stateDir);
  const reader = await openRegistry(stateDir, { busyMs: 0 });
  let isWriting = true;

  const done = write(stateDir, "one").finally(() => {
    isWriting = false;
  });
  let looks = 0;
  while (isWriting) {
    const events = await reader.read("one", 0);
    const state = await reader.state("one");
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, i) => i + 1));
    expect(state?.lastSeq ?? 0).toBeGreaterThanOrEqual(events.length);
    looks++;
    await new Promise(setImmediate);
  }
  await done;

  expect(looks).toBeGreaterThan(10);
  expect(await registry.read("one", 0)).toHaveLength(eventsMax);
}, 30_000);

test("a process that keeps the lock does not keep readers waiting", async () => {
  const stateDir = stateDirectory();
  const holder = await openRegistry(stateDir);
  const reader = await openRegistry(stateDir, { busyMs: 0 });

  const seen = holder.database.immediate(() => runs(reader.database, { limit: 9 }));

  expect(seen).toEqual([]);
});

test("processes that open a new registry at once all find it ready", async () => {
  const stateDir = stateDirectory();

  const outputs = await Promise.all(["one", "two", "three"].map((run) => write(stateDir, run, 0)));

  expect(outputs.map((output) => JSON.parse(output)).sort()).toEqual([[1], [2], [3]]);
}, 30_000);

async function write(stateDir: string, run: string, attempts = attemptsMax): Promise<string> {
  const { code, stdout, stderr } = await capture(
    [process.execPath, writer, stateDir, run, String(attempts)],
    { cwd: import.meta.dir, env: {} },
  );
  if (code !== 0) throw new Error(stderr);
  return stdout;
}
