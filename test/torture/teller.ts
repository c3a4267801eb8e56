import { Database } from "bun:sqlite";
import { writeSync } from "node:fs";

/* Writes rows to a database and tells of each once it is flushed, until its disk fails: `bun test/torture/teller.ts FILE`. */

const database = new Database(process.argv[2]);
database.run("pragma journal_mode = wal");
database.run("pragma synchronous = full");
database.run("create table told (id integer primary key, text text)");
const put = database.query("insert into told values (?, ?)");
for (let id = 1; ; id++) {
  put.run(id, "x".repeat(2_000));
  writeSync(1, `${id}\n`);
}
