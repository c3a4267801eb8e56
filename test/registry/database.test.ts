import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Kysely, sql } from "kysely";
import { RegistryDatabase, registryPath } from "../../core/registry/database.ts";
import { kyselyOver } from "../../core/registry/dialect.ts";
import { registryFormat } from "../../core/registry/format.ts";
import { migrate, migrations } from "../../core/registry/migrations.ts";
import { onTestEnd } from "../support/leftovers.ts";
import { samplePlan, started } from "./sample.ts";
import { openRegistry, stateDirectory } from "./temporary.ts";

test("every file is private, whatever the umask", async () => {
  const before = process.umask(0);
  onTestEnd(() => {
    process.umask(before);
  });
  const stateDir = stateDirectory();

  const registry = await openRegistry(stateDir);
  await registry.commit("r7k2", () => [started(samplePlan(["a"]))]);

  const modes = readdirSync(stateDir).map((name) => mode(join(stateDir, name)));
  expect(mode(stateDir)).toBe("700");
  expect(modes).toEqual(["600", "600", "600"]);
});

test("a registry that others could read is closed to them", async () => {
  const stateDir = stateDirectory();
  mkdirSync(stateDir, { mode: 0o755 });
  writeFileSync(registryPath(stateDir), "", { mode: 0o644 });

  await openRegistry(stateDir);

  expect([mode(stateDir), mode(registryPath(stateDir))]).toEqual(["700", "600"]);
});

test("facts are durable: WAL with full synchronisation", async () => {
  const { database } = await openRegistry();

  const journal = await sql<{ journal_mode: string }>`pragma journal_mode`.execute(
    await database.kysely(),
  );
  const level = await sql<{ synchronous: number }>`pragma synchronous`.execute(
    await database.kysely(),
  );

  expect([journal.rows[0]?.journal_mode, level.rows[0]?.synchronous]).toEqual(["wal", 2]);
});

test("the newest migration is the format", () => {
  expect(Number(Object.keys(migrations).sort().at(-1))).toBe(registryFormat);
});

test("a registry of a newer format is refused, naming both, and not changed", async () => {
  const stateDir = stateDirectory();
  await (await RegistryDatabase.open(stateDir)).close();
  const path = registryPath(stateDir);
  const raw = new Database(path);
  raw.run("pragma user_version = 99");
  raw.close();
  const before = readFileSync(path);

  const refused = await RegistryDatabase.open(stateDir).catch((error) => error);

  expect(refused).toMatchObject({ code: "REGISTRY_NEWER", exitCode: 6 });
  expect(refused.message).toContain("format 99");
  expect(refused.message).toContain(`up to ${registryFormat}`);
  expect(readFileSync(path).equals(before)).toBe(true);
});

test("a file that is no database is refused", async () => {
  const stateDir = stateDirectory();
  mkdirSync(stateDir);
  writeFileSync(registryPath(stateDir), "this is a diary".repeat(400));

  const refused = await RegistryDatabase.open(stateDir).catch((error) => error);

  expect(refused).toMatchObject({ code: "REGISTRY_DAMAGED", exitCode: 6 });
});

test("a place where nothing can be made is refused", async () => {
  const stateDir = stateDirectory();
  writeFileSync(stateDir, "a file");

  const refused = await RegistryDatabase.open(stateDir).catch((error) => error);

  expect(refused).toMatchObject({ code: "REGISTRY_UNREADABLE", exitCode: 6 });
});

test("a registry that is deleted while in use is noticed", async () => {
  const stateDir = stateDirectory();
  const registry = await openRegistry(stateDir);
  rmSync(registryPath(stateDir));

  const refused = await registry.commit("r7k2", () => []).catch((error) => error);

  expect(refused).toMatchObject({ code: "REGISTRY_GONE", exitCode: 6 });
});

test("a migration that fails halfway leaves nothing behind", async () => {
  const { kysely, connection } = memory();
  const steps = {
    "0001": {
      up: async (db: Kysely<unknown>) => {
        await sql`create table half (id integer)`.execute(db);
        await sql`pragma user_version = 1`.execute(db);
        throw new Error("power cut");
      },
    },
  };

  const failed = migrate(kysely, steps);

  await expect(failed).rejects.toThrow("power cut");
  expect(connection.query("select name from sqlite_master").all()).toEqual([]);
  expect(connection.query("pragma user_version").get()).toEqual({ user_version: 0 });
});

test("migrating twice changes nothing", async () => {
  const { kysely, connection } = memory();
  await migrate(kysely);
  const before = connection.query("select sql from sqlite_master").all();

  await migrate(kysely);

  expect(connection.query("select sql from sqlite_master").all()).toEqual(before);
});

test("a transaction rolls back", async () => {
  const { kysely } = await letters();

  const failed = kysely.transaction().execute(async (db) => {
    await sql`insert into letters values ('z')`.execute(db);
    throw new Error("no");
  });

  await expect(failed).rejects.toThrow("no");
  expect(await read(kysely)).toEqual(["a", "b", "c"]);
});

test("a savepoint rolls back alone", async () => {
  const { kysely } = await letters();

  const transaction = await kysely.startTransaction().execute();
  await sql`insert into letters values ('d')`.execute(transaction);
  const savepoint = await transaction.savepoint("here").execute();
  await sql`insert into letters values ('e')`.execute(savepoint);
  await savepoint.rollbackToSavepoint("here").execute();
  await transaction.commit().execute();

  expect(await read(kysely)).toEqual(["a", "b", "c", "d"]);
});

test("a transaction takes the write lock at once", async () => {
  const { kysely, connection } = await letters();

  const began = await kysely.transaction().execute(async () => {
    expect(connection.inTransaction).toBe(true);
    return refusesWriters(connection);
  });

  expect(began).toBe(true);
});

test("rows are streamed", async () => {
  const { kysely } = await letters();
  const seen: string[] = [];

  for await (const { letter } of kysely.selectFrom("letters").selectAll().stream()) {
    seen.push(letter);
    if (seen.length === 2) break;
  }

  expect(seen).toEqual(["a", "b"]);
});

interface Letters {
  letters: { letter: string };
}

async function letters() {
  const path = join(stateDirectory(), "..", "letters.db");
  const connection = new Database(path, { create: true });
  onTestEnd(() => connection.close());
  const kysely = kyselyOver<Letters>(connection);
  connection.run("create table letters (letter text)");
  connection.run("insert into letters values ('a'), ('b'), ('c')");
  return { kysely, connection };
}

async function read(kysely: Kysely<Letters>): Promise<string[]> {
  const rows = await kysely.selectFrom("letters").selectAll().execute();
  return rows.map(({ letter }) => letter);
}

function refusesWriters(connection: Database): boolean {
  const other = new Database(connection.filename);
  try {
    other.run("pragma busy_timeout = 0");
    other.run("insert into letters values ('x')");
    return false;
  } catch {
    return true;
  } finally {
    other.close();
  }
}

function memory(): { kysely: Kysely<never>; connection: Database } {
  const connection = new Database(":memory:");
  onTestEnd(() => connection.close());
  return { connection, kysely: kyselyOver(connection) };
}

function mode(path: string): string {
  return (statSync(path).mode & 0o777).toString(8);
}
