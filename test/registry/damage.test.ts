import { describe, expect, test } from "bun:test";
import { cpSync, existsSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { RaError } from "../../core/error.ts";
import { checkRegistry } from "../../core/registry/checkup.ts";
import { registryPath } from "../../core/registry/database.ts";
import { occupants } from "../../core/registry/occupants.ts";
import {
  allRuns,
  endedRuns,
  liveProcesses,
  runs,
  waitingTasks,
} from "../../core/registry/query.ts";
import { Registry } from "../../core/registry/registry.ts";
import { salvageRegistry } from "../../core/registry/salvage.ts";
import { Random } from "../campaign/random.ts";
import { temporaryDirectory } from "../support/leftovers.ts";
import {
  attemptFinished,
  attemptStarted,
  runFinished,
  samplePlan,
  spawned,
  started,
  taskFinished,
} from "./sample.ts";

const ids = ["r1aa", "r2bb", "r3cc", "r4dd"];
const tasks = Array.from({ length: 12 }, (_, i) => `task-${i}`);

/** A state directory with a registry of four runs, the last of them under way. */
async function made(): Promise<string> {
  const dir = temporaryDirectory();
  await using registry = await Registry.open({ stateDir: dir });
  for (const run of ids) {
    await registry.commit(run, () => [
      started(samplePlan(tasks)),
      ...tasks.flatMap((id) => [
        attemptStarted(id, 1, ["src/**"]),
        spawned(id),
        attemptFinished(id),
      ]),
    ]);
    if (run === ids[3]) break;
    await registry.commit(run, () => [...tasks.map((id) => taskFinished(id)), runFinished()]);
  }
  return dir;
}

/** Asks all that commands ask of a registry, and adds a fact. Gives the code of the refusal, or null. */
async function use(dir: string): Promise<string | null> {
  try {
    await using registry = await Registry.open({ stateDir: dir });
    const { database } = registry;
    await registry.reap();
    runs(database, { limit: 100 });
    liveProcesses(database);
    occupants(database, "/w");
    endedRuns(database);
    waitingTasks(database, ids);
    for (const run of allRuns(database)) await registry.state(run);
    registry.claimsBeside("r4dd", "task-0");
    await registry.commit("r4dd", ({ state }) =>
      state === undefined ? [] : [{ type: "run.paused", done: [] }],
    );
    return null;
  } catch (error) {
    if (error instanceof RaError && error.exitCode === 6 && error.hint) return error.code;
    throw error;
  }
}

describe("a registry with", () => {
  test("flipped bytes works or is refused with what mends it, and is mended", async () => {
    const whole = await made();
    const pages = readFileSync(registryPath(whole));
    const codes = new Map<string | null, number>();
    let kept = 0;
    for (let seed = 1; seed <= 30; seed++) {
      const rng = new Random("damage", seed);
      const bytes = Buffer.from(pages);
      const flips = 1 + rng.below(100);
      for (let i = 0; i < flips; i++) {
        const at = rng.below(bytes.length);
        bytes[at] = (bytes[at] as number) ^ (1 + rng.below(255));
      }
      const dir = temporaryDirectory();
      writeFileSync(registryPath(dir), bytes);

      const checkup = checkRegistry(dir);
      const code = await use(dir);
      codes.set(code, (codes.get(code) ?? 0) + 1);
      // What a command cannot read the doctor must know of, with a fix.
      if (code !== null) expect([seed, checkup?.readable]).toEqual([seed, false]);
      if (!checkRegistry(dir)?.damaged) continue;
      const before = readFileSync(registryPath(dir));
      const salvage = await salvageRegistry(dir, "now");
      kept += salvage.runs.length;
      expect(await use(dir)).toBeNull();
      expect(checkRegistry(dir)?.readable).toBe(true);
      expect(readFileSync(join(salvage.aside, "registry.db")).equals(before)).toBe(true);
      expect(salvage.runs.every((run) => ids.includes(run))).toBe(true);
    }

    expect(codes.get("REGISTRY_DAMAGED")).toBeGreaterThan(15);
    expect(kept).toBeGreaterThan(5);
  }, 60_000);

  test("a damaged index alone gives back every event", async () => {
    const dir = await made();
    const pages = readFileSync(registryPath(dir));
    // The page of the index of events by run: the only one that holds a run's id and no body.
    const size = 4096;
    for (let at = size; at < pages.length; at += size) {
      const page = pages.subarray(at, at + size).toString("latin1");
      if (page[0] === "\n" && page.includes("r2bb") && !page.includes("task"))
        pages.fill(0x5a, at + 8, at + size);
    }
    writeFileSync(registryPath(dir), pages);

    const salvage = await salvageRegistry(dir, "now");

    await using registry = await Registry.open({ stateDir: dir });
    expect([salvage.runs, salvage.lost]).toEqual([ids, []]);
    expect((await registry.read("r2bb", 0)).length).toBe(1 + 3 * tasks.length + tasks.length + 1);
    expect((await registry.state("r3cc"))?.status).toBe("succeeded");
  });

  test("any length is opened or refused, never half understood", async () => {
    const whole = await made();
    const { length } = readFileSync(registryPath(whole));
    const known = new Set([null, "REGISTRY_DAMAGED", "REGISTRY_NEWER", "REGISTRY_FAILED"]);
    for (let size = 0; size < length; size += size < 120 ? 13 : 6_143) {
      const dir = temporaryDirectory();
      cpSync(registryPath(whole), registryPath(dir));
      truncateSync(registryPath(dir), size);

      const code = await use(dir);

      expect([size, known.has(code)]).toEqual([size, true]);
      if (checkRegistry(dir)?.damaged) {
        await salvageRegistry(dir, "now");
        expect([size, await use(dir)]).toEqual([size, null]);
      }
      expect(existsSync(registryPath(dir))).toBe(true);
    }
  }, 60_000);
});
