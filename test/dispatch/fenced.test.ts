import { expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fenced } from "../../core/dispatch/fenced.ts";
import { nobody, samplePlan, started } from "../registry/sample.ts";
import { openRegistry } from "../registry/temporary.ts";
import { commitFiles, makeRepository, request } from "../workspace/fixture.ts";

test("a driver that was superseded touches neither refs nor the checkout any more", async () => {
  const fixture = makeRepository();
  const stateDir = join(fixture.dir, ".git", "ra");
  const [mine, another] = [await openRegistry(stateDir), await openRegistry(stateDir)];
  await mine.commit("r7k2", () => [{ ...started(samplePlan(["api"])), epoch: 1 }]);
  mine.drive("r7k2", 1);
  const repository = fenced(await fixture.open(), () => mine.refuseSuperseded("r7k2"));
  const from = fixture.head();
  const workspace = await repository.open(request(fixture, { isolation: "in-place" }));
  await repository.pin("refs/ra/r7k2/_tip", from);
  await another.commit("r7k2", () => [{ type: "run.resumed", owner: nobody, epoch: 2 }]);
  const to = commitFiles(fixture, { "b.txt": "b" });
  fixture.git("reset", "-q", "--keep", from);
  writeFileSync(join(workspace.path, "a.txt"), "of the next owner\n");

  const attempts = [
    () => repository.pin("refs/ra/r7k2/_tip", to),
    () => repository.publish({ target: "main", from, to }),
    () => repository.open(request(fixture, { attempt: 2 })),
    () => workspace.restore(),
  ];
  for (const attempt of attempts) await expect(attempt()).rejects.toThrow("was taken over");

  expect(fixture.head()).toBe(from);
  expect(fixture.git("rev-parse", "refs/ra/r7k2/_tip")).toBe(from);
  expect(readFileSync(join(fixture.dir, "a.txt"), "utf8")).toBe("of the next owner\n");
});

test("a driver that was superseded leaves a directory alone that the next attempt has by then", async () => {
  const fixture = makeRepository();
  let isSuperseded = false;
  const repository = fenced(await fixture.open(), () => {
    if (isSuperseded) throw new Error("was taken over");
  });
  const lasting = await repository.open(request(fixture, { lasting: true }));
  const own = await repository.open(request(fixture, { task: "own" }));
  writeFileSync(join(lasting.path, "a.txt"), "of the next attempt\n");
  isSuperseded = true;

  for (const act of [() => lasting.snapshot("mine"), () => lasting.close()])
    await expect(act()).rejects.toThrow("was taken over");
  await own.close();

  expect(readFileSync(join(lasting.path, "a.txt"), "utf8")).toBe("of the next attempt\n");
  expect(existsSync(own.path)).toBe(false);
  expect(fixture.git("for-each-ref", "--format=%(refname)", "refs/ra")).toBe(
    "refs/ra/r7k2/api/1.base",
  );
});
