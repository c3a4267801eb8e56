import { Database, type Statement } from "bun:sqlite";
import type { Kysely } from "kysely";
import { RegistryDatabase } from "../../core/registry/database.ts";
import { migrate } from "../../core/registry/migrations.ts";
import { Registry } from "../../core/registry/registry.ts";
import { derivedTables } from "../../core/registry/schema.ts";
import { Dead, type Driver } from "./driver.ts";
import type { Outside } from "./outside.ts";

const memory = new Database(":memory:", { strict: true });
// A transaction copies each page that it writes to: of the few rows of a world, small ones are enough.
memory.run("pragma page_size = 1024");
const nobody = { isAlive: () => false, isAttended: () => false };
await migrate((await RegistryDatabase.on(memory, nobody).kysely()) as unknown as Kysely<never>);

/** All its statements, prepared once. */
const prepared = new Map<string, Statement<unknown, never[]>>();

function prepare(sql: string): Statement<unknown, never[]> {
  let statement = prepared.get(sql);
  if (statement === undefined) {
    statement = memory.prepare(sql);
    prepared.set(sql, statement);
  }
  return statement;
}

/** The one database of the simulation; a world begins with it empty. */
export function emptied(): Database {
  if (memory.inTransaction) memory.run("rollback");
  for (const table of ["events", ...derivedTables]) prepare(`delete from ${table}`).run();
  hasWritten();
  return memory;
}

/** INV-10: tables whose rows are not those that follow from the log. */
export function tablesThatDiffer(): string[] {
  const rowsOf = (table: string): string => {
    const rows = prepare(`select * from ${table}`).all();
    return JSON.stringify(rows.map((row) => JSON.stringify(row)).sort());
  };
  const before = derivedTables.map(rowsOf);
  // It reads and writes at once, and only says later that it has.
  Registry.on(RegistryDatabase.on(memory, nobody))
    .rebuild()
    .catch(() => {});
  return derivedTables.filter((table, at) => rowsOf(table) !== before[at]);
}

let changes = 0;

/** True when rows were written since the last call: of a transaction that wrote nothing the others see nothing. */
export function hasWritten(): boolean {
  const before = changes;
  changes = (prepare("select total_changes() n").get() as { n: number }).n;
  return changes !== before;
}

/** The database as a process sees it that drives nothing: it lasts, and nothing fails. */
export function connectionBeside(): Database {
  const own = {
    get inTransaction() {
      return memory.inTransaction;
    },
    query: prepare,
    prepare,
    run: (sql: string) => memory.run(sql),
    close() {},
  };
  return own as unknown as Database;
}

/**
 * The database as one driver sees it: a commit may fail, be the driver's last act, or the one after its last. What
 * is committed stays whatever happens.
 */
export function connectionOf(world: Outside, driver: Driver): Database {
  const alive = (): void => {
    if (!driver.alive) throw new Dead("a dead driver asks the registry");
  };
  const commit = (): void => {
    alive();
    if (world.isLastAct(driver, "commit.before")) {
      memory.run("rollback");
      throw new Dead("killed before its commit");
    }
    world.failMaybe("registry");
    prepare("commit").run();
    if (hasWritten()) {
      world.writes.set(driver, (world.writes.get(driver) ?? 0) + 1);
      world.writesTotal += 1;
    }
    if (world.isLastAct(driver, "commit.after")) throw new Dead("killed after its commit");
  };
  const others = (): number => world.writesTotal - (world.writes.get(driver) ?? 0);
  const own = {
    get inTransaction() {
      return driver.alive && memory.inTransaction;
    },
    query(sql: string) {
      alive();
      if (sql === "commit") return { run: commit };
      if (sql === "pragma data_version") return { all: () => [{ data_version: others() }] };
      return prepare(sql);
    },
    prepare(sql: string) {
      alive();
      const statement = prepare(sql);
      return {
        all(...values: never[]) {
          alive();
          return statement.all(...values);
        },
        run(...values: never[]) {
          alive();
          return statement.run(...values);
        },
        finalize() {},
      };
    },
    run: (sql: string) => memory.run(sql),
    close() {},
  };
  return own as unknown as Database;
}
