import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { statement } from "../../core/registry/statement.ts";

const startedBefore = statement((tables, name: string, at: string, most: number) =>
  tables
    .selectFrom("runs")
    .select("id")
    .where("name", "=", name)
    .where("started_at", "<", at)
    .orderBy("started_at", "desc")
    .limit(most as never),
);

test("a place is an expression, so that SQLite plans the statement once and not for each value", () => {
  expect(startedBefore.text).not.toMatch(/[^+]\?/);
});

test("a place takes its value as it is", () => {
  using database = new Database(":memory:");
  database.run("create table runs (id text, name text, started_at text) strict");
  database.run("create index runs_by_name on runs (name, started_at)");
  database.run(
    "insert into runs values ('a', '7', '1'), ('b', '7', '2'), ('c', '7', '3'), ('d', '8', '1')",
  );
  using prepared = database.prepare<{ id: string }, (string | number | null)[]>(startedBefore.text);

  const found = prepared.all(...startedBefore.bind(["7", "3", 1]));

  expect(found).toEqual([{ id: "b" }]);
  const plan = database.query<{ detail: string }, (string | number | null)[]>(
    `explain query plan ${startedBefore.text}`,
  );
  expect(
    plan
      .all("7", "3", 1)
      .map(({ detail }) => detail)
      .join(),
  ).toContain("runs_by_name (name=? AND started_at<?)");
});
