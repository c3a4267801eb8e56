import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inLandingTurn } from "../../core/workspace/turn.ts";
import { Random } from "../campaign/random.ts";
import { temporaryDirectory } from "../support/leftovers.ts";

test("a lock that was cut at any length or garbled keeps nobody from their turn", async () => {
  const dir = temporaryDirectory();
  const path = join(dir, "landing.lock");
  const rng = new Random("lock");
  const bytes = Buffer.from(Array.from({ length: 8192 }, () => rng.below(256)));
  const header = Buffer.concat([Buffer.from("SQLite format 3\0"), bytes]);

  const turns: unknown[] = [];
  const lengths = [0, 1, 15, 16, 17, 99, 100, 101, 511, 512, 1_024, 4_095, 4_096, 8_192];
  for (const content of [bytes, header]) {
    for (const length of lengths) {
      writeFileSync(path, content.subarray(0, length));
      turns.push(await inLandingTurn(dir, async () => "done"));
    }
  }

  expect(new Set(turns)).toEqual(new Set(["done"]));
  expect(turns).toHaveLength(2 * lengths.length);
  expect(readFileSync(path).length).toBeLessThan(8_192);
});
