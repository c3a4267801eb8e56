import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Registry } from "../../../core/registry/registry.ts";
import { ending, type TestRepository, testRepository } from "../../support/repository.ts";
import { subjects } from "../git/kept-runs.ts";
import { refsOf } from "./clean-list.ts";

function stateDir({ dir }: TestRepository): string {
  return join(dir, ".git/ra");
}

test("a damaged registry is refused with its fix, moved aside, and its runs are there again", async () => {
  const repository = testRepository();
  const plan = repository.plan([
    { id: "one", run: "echo 1 > one.txt" },
    { id: "two", run: "echo 2 > two.txt; exit 1" },
  ]);
  const { run } = ending(await repository.ra("dispatch", plan, "--json"));
  const path = join(stateDir(repository), "registry.db");
  const pages = readFileSync(path);
  // The root of the table of runs, which only follows from the events.
  const page = pageOf(path, "runs");
  pages.fill(0x5a, (page - 1) * 4096, page * 4096);
  writeFileSync(path, pages);

  const refused = await repository.ra("ps", "--all");
  const doctor = await repository.ra("doctor", "--json");
  const refs = refsOf(repository, run);
  const mended = await repository.ra("doctor", "--mend");
  const shown = JSON.parse((await repository.ra("show", run, "--json")).stdout);
  const again = await repository.ra("doctor", "--mend");

  expect([refused.code, refused.stderr]).toEqual([
    6,
    expect.stringMatching(/error\[REGISTRY_DAMAGED\].*\n.*fix: .*ra doctor --mend/s),
  ]);
  const found = JSON.parse(doctor.stdout).findings as { check: string; fix: string }[];
  expect(found.find(({ check }) => check === "registry")?.fix).toBe("ra doctor --mend");
  expect(mended.stderr).toContain("and kept 1 runs of it");
  expect([shown.status, shown.exitCode]).toEqual(["failed", 1]);
  expect(readdirSync(stateDir(repository)).some((name) => name.startsWith("damaged-"))).toBe(true);
  expect(refsOf(repository, run)).toEqual(refs);
  expect(again.stderr).toContain("no damaged registry");
});

test("a run that lost its newest events is resumed and merges nothing twice", async () => {
  const repository = testRepository();
  const plan = repository.plan([
    { id: "one", run: "echo 1 > one.txt" },
    { id: "two", deps: ["one"], run: "echo 2 > two.txt" },
  ]);
  const { run, seq } = ending(await repository.ra("dispatch", plan, "--json"));
  const whole = repository.git("log", "--format=%H %s");

  for (const lost of [1, 2, 3, 5, 9]) {
    const raw = new Database(join(stateDir(repository), "registry.db"));
    raw.run("pragma busy_timeout = 5000");
    raw.query("delete from events where seq > ?").run(seq - lost);
    raw.close();
    {
      await using registry = await Registry.open({ stateDir: stateDir(repository) });
      await registry.rebuild();
    }
    const resumed = await repository.ra("resume", run, "--json");

    expect([lost, resumed.code]).toEqual([lost, 0]);
    expect([lost, repository.git("log", "--format=%H %s")]).toEqual([lost, whole]);
  }
  expect(subjects(repository)).toHaveLength(3);
});

function pageOf(path: string, table: string): number {
  using database = new Database(path, { readonly: true });
  const query = database.query<{ rootpage: number }, [string]>(
    "select rootpage from sqlite_master where name = ?",
  );
  return query.get(table)?.rootpage ?? 0;
}
