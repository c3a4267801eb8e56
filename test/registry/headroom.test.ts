import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";
import { readImage } from "../../core/registry/image.ts";
import { temporaryDirectory } from "../support/leftovers.ts";

function rowsOf(image: Uint8Array | null): string[] {
  if (image === null) throw new Error("no image");
  using database = Database.deserialize(image);
  return database
    .query<{ text: string }, []>("select text from rows")
    .all()
    .map(({ text }) => text);
}

function open(path: string): Database {
  const database = new Database(path);
  database.run("pragma journal_mode = wal");
  database.run("create table if not exists rows (text text)");
  return database;
}

const insert = (database: Database, text: string): void => {
  database.query("insert into rows values (?)").run(text);
};

test("an image holds what is in the log and not in the file yet", () => {
  const path = join(temporaryDirectory(), "registry.db");
  using database = open(path);
  insert(database, "one");
  database.run("pragma wal_checkpoint(truncate)");
  insert(database, "two");

  expect(rowsOf(readImage(path))).toEqual(["one", "two"]);
});

test("an image leaves out a transaction that is not whole, whatever it wrote into the log", () => {
  const path = join(temporaryDirectory(), "registry.db");
  using database = open(path);
  insert(database, "one");
  // So small that the transaction spills into the log before it ends.
  database.run("pragma cache_size = 1");
  database.run("begin");
  for (let i = 0; i < 200; i++) insert(database, "x".repeat(2_000));

  expect(rowsOf(readImage(path))).toEqual(["one"]);
  database.run("commit");
  expect(rowsOf(readImage(path))).toHaveLength(201);
});

test("an image leaves out what an older life of the log wrote behind its end", () => {
  const path = join(temporaryDirectory(), "registry.db");
  using database = open(path);
  for (let i = 0; i < 50; i++) insert(database, "x".repeat(2_000));
  database.run("delete from rows");
  database.run("pragma wal_checkpoint(restart)");
  insert(database, "new");

  expect(rowsOf(readImage(path))).toEqual(["new"]);
});

test("an image of a registry without a log is its file", () => {
  const path = join(temporaryDirectory(), "registry.db");
  open(path).close();
  {
    using database = open(path);
    insert(database, "one");
  }

  expect(rowsOf(readImage(path))).toEqual(["one"]);
});
