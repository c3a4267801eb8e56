import { Database } from "bun:sqlite";
import { kyselyOver } from "../../core/registry/dialect.ts";
import { migrate } from "../../core/registry/migrations.ts";

/** Brings the registry at a path up to date, and is killed after so many statements: `migrator-process.ts PATH COUNT`. */
const [path = "", count = "0"] = process.argv.slice(2);
const connection = new Database(path, { create: true });
connection.run("pragma journal_mode = wal");
let done = 0;
const kysely = kyselyOver<never>(connection, () => {
  done += 1;
  if (done === Number(count)) process.kill(process.pid, "SIGKILL");
});
await migrate(kysely);
process.stdout.write(`${done}\n`);
