import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { copyFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { raBinary } from "../../support/binary.ts";
import { runProgram } from "../../support/program.ts";
import { type TestRepository, testRepository } from "../../support/repository.ts";
import { fakeKilo } from "./agent.ts";
import { enter, openScreen } from "./screen.ts";

/** From now on nothing can be added to the log, as on a disk that fails. */
function breakRegistry(repository: TestRepository): void {
  const database = new Database(registry(repository));
  database.run("pragma busy_timeout = 5000");
  database.run(
    "create trigger broken before insert on events begin select raise(abort, 'no'); end",
  );
  database.close();
}

/** As a person who restores a copy of it. */
function replaceRegistry(repository: TestRepository): void {
  const path = registry(repository);
  copyFileSync(path, `${path}.copy`);
  renameSync(`${path}.copy`, path);
}

function registry(repository: TestRepository): string {
  return join(repository.dir, ".git/ra/registry.db");
}

/** One task that ends when its gate opens, and one that would run for ever. */
function twoTasks(repository: TestRepository): string {
  const { hold } = repository;
  return repository.plan([
    { id: "one", touching: ["one.txt"], run: `${hold("one")}; echo 1 > one.txt` },
    { id: "two", touching: ["two.txt"], run: `${hold("two")}; ${hold("never")}` },
  ]);
}

for (const [name, harm, code] of [
  ["fails", breakRegistry, "REGISTRY_FAILED"],
  ["is deleted", (repository: TestRepository) => rmSync(registry(repository)), "REGISTRY_GONE"],
  ["is replaced", replaceRegistry, "REGISTRY_GONE"],
] as const) {
  test(`ends the agents and says why when the registry ${name} during a run`, async () => {
    const repository = testRepository();
    const dispatch = await repository.start("dispatch", twoTasks(repository));
    await Promise.all([repository.arrival("one"), repository.arrival("two")]);

    harm(repository);
    repository.open("one");
    const result = await dispatch.ended;

    expect(result.code).toBe(6);
    expect(result.stderr).toContain(`error[${code}]: the registry`);
    expect(result.stderr).toMatch(/\nfix: .*\n$/);
    expect(repository.living()).toEqual([]);
  });
}

test("ends with exit code 6 when an interrupted run cannot record it", async () => {
  const repository = testRepository();
  const dispatch = await repository.start("dispatch", twoTasks(repository), "--json");
  await Promise.all([repository.arrival("one"), repository.arrival("two")]);

  breakRegistry(repository);
  dispatch.signal("SIGTERM");
  const result = await dispatch.ended;

  expect(result.code).toBe(6);
  expect(JSON.parse(result.stdout.trimEnd().split("\n").at(-1) ?? "")).toMatchObject({
    ok: false,
    error: { code: "REGISTRY_FAILED" },
  });
  expect(repository.living()).toEqual([]);
});

test("tells it as trouble, not as a fault of its own, when an answer cannot be recorded", async () => {
  const repository = testRepository();
  const plan = repository.plan(
    [
      { id: "a", run: "true" },
      { id: "b", deps: ["a"], run: "true" },
    ],
    { mode: "step-through" },
  );
  const screen = await openScreen(repository, ["dispatch", plan]);
  await screen.shows(/\[s\]top $/);

  breakRegistry(repository);
  screen.type(`c${enter}`);
  const code = await screen.ended;

  expect(code).toBe(6);
  expect(screen.text).toContain("REGISTRY_FAILED");
  expect(screen.text).not.toContain("a fault in ra itself");
});

test("keeps what the dispatch file says when the registry fails", async () => {
  const repository = testRepository();
  fakeKilo(repository, `${repository.hold("one")}; echo x > x.txt`);
  const path = join(repository.top, "dispatch.json");
  const tasks = [{ id: 1, description: "First", platform: "kilo" }];
  writeFileSync(path, JSON.stringify({ status: "approved", mode: "auto", tasks }));
  const dispatch = await repository.start("dispatch", path, "--write-back");
  await repository.arrival("one");

  breakRegistry(repository);
  repository.open("one");
  const result = await dispatch.ended;

  expect(result.stderr).toContain("error[REGISTRY_FAILED]");
  expect(result.code).toBe(6);
  expect(JSON.parse(await Bun.file(path).text())).toMatchObject({
    status: "approved",
    tasks: [{ taskStatus: "running" }],
  });
});

const canMount = Bun.spawnSync(["unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt"]).success;

for (const [name, options, before, said] of [
  ["full", "size=512k", "dd if=/dev/zero of=.git/ra/fill bs=4k 2>/dev/null;", /REGISTRY_FULL/],
  ["read-only", "size=4m", "mount -o remount,ro .git/ra &&", /REGISTRY_(READ_ONLY|UNREADABLE)/],
] as const) {
  test.skipIf(!canMount)(
    `says that the disk of the registry is ${name} before anything runs`,
    async () => {
      const repository = testRepository();
      const plan = repository.plan([{ id: "one", isolation: "none", run: "touch ran" }]);
      const ra = await raBinary();
      const script = `mkdir -p .git/ra && mount -t tmpfs -o ${options} none .git/ra && { ${before} ${ra} dispatch ${plan}; }`;

      const result = await runProgram(["unshare", "-rm", "sh", "-c", script], {
        cwd: repository.dir,
        env: repository.env,
      });

      expect(result.code).toBe(6);
      expect(result.err).toMatch(said);
      expect(await Bun.file(join(repository.dir, "ran")).exists()).toBe(false);
    },
  );
}
