import { expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { ending, events, type TestRepository, testRepository } from "../../support/repository.ts";

/** Runs one task that prints 400,000 bytes, and gives the run's id. */
async function printing(repository: TestRepository, end = "exit 0"): Promise<string> {
  const plan = repository.plan([{ id: "one", run: `head -c 400000 /dev/zero; ${end}` }]);
  return ending(await repository.ra("dispatch", plan, "--json")).run;
}

function logsThere({ dir }: TestRepository): readonly string[] {
  return readdirSync(join(dir, ".git/ra/runs")).sort();
}

test("the logs that go first are those of the run that ended first, but not of one that failed", async () => {
  const repository = testRepository({ "ra.config.yaml": "logs: { total: 1MB }\n" });

  const first = await printing(repository);
  const failed = await printing(repository, "exit 1");
  const third = await printing(repository);
  const afterThird = logsThere(repository);
  const fourth = await printing(repository);
  const afterFourth = logsThere(repository);
  const told = await repository.ra("logs", first);
  const kept = await repository.ra("logs", `${failed}/one`);
  const removed = events(await repository.ra("logs", first, "--json")).at(-1);

  expect(afterThird).toEqual([failed, third].sort());
  expect(afterFourth).toEqual([failed, fourth].sort());
  expect(removed).toMatchObject({ type: "logs.removed", bytes: 400_000, totalMax: 1024 * 1024 });
  expect([told.code, told.stdout]).toEqual([0, ""]);
  expect(told.stderr).toMatch(
    new RegExp(`^ra: the logs of ${first} were removed by the cap .* on 20`),
  );
  expect(kept.stdout).toHaveLength(400_000);
  expect(existsSync(join(repository.dir, ".git/ra/removed-logs"))).toBe(false);
});

test("logs of runs that failed stay and are told of, until a config lets them go", async () => {
  const repository = testRepository({ "ra.config.yaml": "logs: { total: 1MB }\n" });
  for (let i = 0; i < 3; i++) await printing(repository, "exit 1");

  const plan = repository.plan([{ id: "one", run: "head -c 400000 /dev/zero" }]);
  const beyond = await repository.ra("dispatch", plan);
  const before = logsThere(repository);
  repository.commit({ "ra.config.yaml": "logs: { total: 1MB, failed: remove }\n" });
  const last = await printing(repository);

  expect(before).toHaveLength(4);
  expect(beyond.stderr).toContain("beyond `logs.total`");
  expect(logsThere(repository)).toHaveLength(2);
  expect(logsThere(repository)).toContain(last);
});
