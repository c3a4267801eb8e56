import { expect, test } from "bun:test";
import { join } from "node:path";
import { temporaryDirectory } from "../support/leftovers.ts";
import { rivalry } from "./rivals.ts";

const seed = Number(process.env.RA_TORTURE_SEED ?? Math.floor(Math.random() * 1e6));

test("a run whose driver is killed goes to exactly one of several that want it at once", async () => {
  console.log(`rivals: seed ${seed}, replay with RA_TORTURE_SEED=${seed}`);

  const { wrong, kills } = await rivalry(
    join(temporaryDirectory("ra-rivals"), "world"),
    seed,
    seed,
  );

  expect(wrong).toEqual([]);
  expect(kills).toBeGreaterThan(0);
}, 120_000);
