import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { checkRegistry } from "../../core/registry/checkup.ts";
import { RegistryDatabase, registryPath } from "../../core/registry/database.ts";
import { registryFormat } from "../../core/registry/format.ts";
import { temporaryDirectory } from "../support/leftovers.ts";

async function made(): Promise<string> {
  const dir = temporaryDirectory();
  (await RegistryDatabase.open(dir)).close();
  return dir;
}

test("there is nothing to check where nothing has run, and nothing is made", () => {
  const dir = temporaryDirectory();

  expect(checkRegistry(dir)).toBeNull();
  expect(existsSync(registryPath(dir))).toBe(false);
});

test("an intact registry is well", async () => {
  const checkup = checkRegistry(await made());

  expect(checkup).toMatchObject({ readable: true, diagnosis: { severity: "ok" } });
});

test("a newer registry is a problem that an update mends, and stays as it is", async () => {
  const dir = await made();
  using database = new Database(registryPath(dir));
  database.run(`pragma user_version = ${registryFormat + 1}`);

  const checkup = checkRegistry(dir);

  expect(checkup?.readable).toBe(false);
  expect(checkup?.diagnosis).toMatchObject({ severity: "problem" });
  expect(checkup?.diagnosis.fix).toContain("update `ra`");
});

test("a registry with a torn page, or that is none, is a problem with the way around it", async () => {
  const [torn, none] = [await made(), await made()];
  const pages = readFileSync(registryPath(torn));
  pages.fill(0xa5, 4096 + 8, 4096 * 4);
  writeFileSync(registryPath(torn), pages);
  writeFileSync(
    registryPath(none),
    "not a database, but long enough to be taken for one\n".repeat(40),
  );

  for (const dir of [torn, none]) {
    const checkup = checkRegistry(dir);
    expect([checkup?.readable, checkup?.diagnosis.severity]).toEqual([false, "problem"]);
    expect(checkup?.diagnosis.fix).toBe("ra doctor --mend");
  }
});
