import { expect, test } from "bun:test";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { Trash } from "../../core/workspace/layout.ts";
import { temporaryDirectory } from "../support/leftovers.ts";

test("runs that end at once share one trash: whatever each takes away goes, and none of them fails", async () => {
  const root = temporaryDirectory("ra-trash");
  const each = async (run: string): Promise<void> => {
    const trash = new Trash(root);
    for (let i = 0; i < 100; i++) {
      const path = join(root, `${run}-${i}`);
      mkdirSync(join(path, "inside"), { recursive: true });
      await trash.take(path);
      expect(existsSync(path)).toBe(false);
      await trash.empty();
    }
  };

  await Promise.all(["a", "b", "c", "d"].map(each));

  expect(existsSync(join(root, ".trash"))).toBe(false);
});
