import { expect, test } from "bun:test";
import { join } from "node:path";
import { temporaryDirectory } from "../support/leftovers.ts";
import { rivalry } from "./rivals.ts";

const seed = Number(process.env.RA_TORTURE_SEED ?? Math.floor(Math.random() * 1e6));

test("a run whose driver is killed goes to exactly one of several that want it at once", async () => {
  console.log(`rivals: seed ${seed}, replay with RA_TORTURE_SEED=${seed}`);
  const top = temporaryDirectory("ra-rivals");

  const [one, other] = await Promise.all(
    [0, 1].map((number) => rivalry(join(top, `world-${number}`), seed, number)),
  );

  expect([...(one?.wrong ?? []), ...(other?.wrong ?? [])]).toEqual([]);
  expect((one?.kills ?? 0) + (other?.kills ?? 0)).toBeGreaterThan(1);
}, 120_000);
