import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { registryPath } from "../../core/registry/database.ts";
import { kyselyOver } from "../../core/registry/dialect.ts";
import { migrationName, registryFormat } from "../../core/registry/format.ts";
import { migrate, migrations } from "../../core/registry/migrations.ts";
import { eventRow } from "../../core/registry/rows.ts";
import { temporaryDirectory } from "../support/leftovers.ts";
import { root, runProgram } from "../support/program.ts";
import { samplePlan, started } from "./sample.ts";
import { openRegistry } from "./temporary.ts";

/** A registry of an older format with one run in its log. */
async function old(path: string, format: number): Promise<void> {
  const connection = new Database(path, { create: true });
  connection.run("pragma journal_mode = wal");
  const kysely = kyselyOver<never>(connection);
  const names = Array.from({ length: format }, (_, i) => migrationName(i + 1));
  if (format > 0) {
    await migrate(
      kysely,
      Object.fromEntries(names.map((name) => [name, migrations[name] as never])),
    );
    const event = { v: 1, seq: 1, at: "2026-11-21T10:00:00.000Z", run: "r7k2" } as const;
    const row = eventRow({ ...event, ...started(samplePlan(["a"])) });
    const places = Object.keys(row).map(() => "?");
    connection.query(`insert into events values (${places.join(", ")})`).run(...Object.values(row));
  }
  connection.close();
}

const script = join(root, "test/registry/migrator-process.ts");

test("an upgrade that is killed at any statement is done by the next start, and loses nothing", async () => {
  const top = temporaryDirectory();
  for (let format = 0; format < registryFormat; format++)
    await old(join(top, `${format}.db`), format);
  const statements: number[] = [];
  for (let kill = 1; kill <= 20; kill++) {
    const format = kill % registryFormat;
    const dir = join(top, `${kill}`);
    mkdirSync(dir);
    copyFileSync(join(top, `${format}.db`), registryPath(dir));

    const ended = await runProgram([process.execPath, script, registryPath(dir), `${kill}`]);

    if (ended.code === 0) statements.push(Number(ended.out));
    const registry = await openRegistry(dir);
    const state = await registry.state("r7k2");
    expect([kill, state?.status]).toEqual([kill, format === 0 ? undefined : "running"]);
    await registry.commit(format === 0 ? "r9" : "r7k2", ({ state: now }) =>
      now === undefined ? [started(samplePlan(["a"]))] : [{ type: "run.paused", done: [] }],
    );
  }

  // Those that came to their end had fewer statements than the kill waited for.
  expect(statements.length).toBeLessThan(15);
}, 60_000);

test("a registry of every format before is brought up to date with what it holds", async () => {
  for (let format = 1; format <= registryFormat; format++) {
    const dir = temporaryDirectory();
    await old(registryPath(dir), format);

    const registry = await openRegistry(dir);

    expect((await registry.state("r7k2"))?.tasks.size).toBe(1);
    await registry.rebuild();
  }
});
