import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { hostname } from "node:os";
import { join } from "node:path";
import { kyselyOver } from "../../core/registry/dialect.ts";
import { migrate, migrations } from "../../core/registry/migrations.ts";
import { runs } from "../../core/registry/query.ts";
import type { Fact } from "../../core/run/event.ts";
import { attemptStarted, me, nobody, samplePlan, started } from "./sample.ts";
import { openRegistry, stateDirectory } from "./temporary.ts";

const resumed: Fact = { type: "run.resumed", owner: me(), epoch: 2 };

test("an owner that was superseded records nothing, and is told who has the run", async () => {
  const stateDir = stateDirectory();
  const [old, next] = [await openRegistry(stateDir), await openRegistry(stateDir)];
  await old.commit("r1", () => [{ ...started(samplePlan(["a"])), epoch: 1 } as Fact]);
  old.drive("r1", 1);

  await next.commit("r1", () => [resumed]);
  const refused = old.commit("r1", () => [attemptStarted("a")]);

  await expect(refused).rejects.toMatchObject({ code: "RUN_TAKEN_OVER", exitCode: 6 });
  await expect(refused).rejects.toThrow(`process ${process.pid}`);
  const events = await next.read("r1", 0);
  expect(events.map(({ type }) => type)).toEqual(["run.started", "run.resumed"]);
});

test("what a superseded owner appends is refused as well, and so is whatever follows", async () => {
  const stateDir = stateDirectory();
  const [old, next] = [await openRegistry(stateDir), await openRegistry(stateDir)];
  await old.commit("r1", () => [started(samplePlan(["a"]))]);
  old.drive("r1", 1);
  await next.commit("r1", () => [resumed]);

  old.append("r1", [attemptStarted("a")]);
  await old.flush();

  await expect(old.state("r1")).rejects.toMatchObject({ code: "RUN_TAKEN_OVER" });
  await expect(old.close()).rejects.toMatchObject({ code: "RUN_TAKEN_OVER" });
  expect(await next.read("r1", 2)).toEqual([]);
});

test("the owner of one run goes on when another run changes hands", async () => {
  const stateDir = stateDirectory();
  const [old, next] = [await openRegistry(stateDir), await openRegistry(stateDir)];
  for (const run of ["r1", "r2"]) {
    await old.commit(run, () => [started(samplePlan(["a"]))]);
    old.drive(run, 1);
  }
  await next.commit("r1", () => [resumed]);

  const [event] = await old.commit("r2", () => [attemptStarted("a")]);

  expect(event?.type).toBe("attempt.started");
});

test("a log whose owners have no number counts them, and its registry of format 1 is brought up to date", async () => {
  const stateDir = stateDirectory();
  const first = await openRegistry(stateDir);
  await first.commit("r1", () => [started(samplePlan(["a"]), nobody)]);
  await first.commit("r1", () => [{ type: "run.resumed", owner: nobody }]);
  await first.close();
  await downgrade(join(stateDir, "registry.db"));

  const registry = await openRegistry(stateDir);
  const [run] = runs(registry.database, { limit: 1 });

  expect((await registry.state("r1"))?.epoch).toBe(2);
  expect([run?.id, run?.driven]).toEqual(["r1", false]);
});

test("a run of another machine counts as driven, one of an earlier boot does not", async () => {
  const registry = await openRegistry();
  const plan = samplePlan(["a"]);
  const there = { ...nobody, host: `not-${hostname()}`, boot: "another" };
  await registry.commit("far", () => [started(plan, there)]);
  await registry.commit("old", () => [
    started(plan, { ...me(), host: hostname(), boot: "another" }),
  ]);

  const driven = new Map(runs(registry.database, { limit: 2 }).map((run) => [run.id, run.driven]));

  expect(driven.get("far")).toBe(true);
  expect(driven.get("old")).toBe(false);
});

/** Makes a registry what the first version wrote: no columns that came later, no migration but the first. */
async function downgrade(path: string): Promise<void> {
  const database = new Database(path);
  for (const column of ["owner_host", "owner_boot"]) {
    database.run(`alter table runs drop column ${column}`);
  }
  const later = ["cooldowns", "questions", "requests", "audit", "cursors", "schedules"];
  for (const table of later) database.run(`drop table ${table}`);
  database.run("delete from kysely_migration where name <> '0001'");
  database.run("pragma user_version = 1");
  const kysely = kyselyOver<never>(database);
  await migrate(kysely, { "0001": migrations["0001"] as (typeof migrations)[string] });
  database.close();
}
