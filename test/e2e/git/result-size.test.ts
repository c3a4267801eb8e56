import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import {
  ending,
  eventsOf,
  statuses,
  type TestRepository,
  testRepository,
} from "../../support/repository.ts";
import { cleanJson } from "../cli/clean-list.ts";

function repositoryWith(results: string): TestRepository {
  return testRepository({
    "ra.config.yaml": `results: ${results}\n`,
    ".gitignore": "cache/\n",
  });
}

/** The workspace that an error names. */
function placeIn(message: string | undefined): string {
  return /all of it stays in `([^`]+)`/.exec(message ?? "")?.[1] ?? "";
}

const ways = {
  "too many files": ["{ files: 20 }", "mkdir -p many/deep && touch $(seq -f many/deep/%g 1 21)"],
  "too many bytes": ["{ bytes: 1MB }", "truncate -s 50G huge.bin"],
  "too many files that git ignores and the plan keeps": [
    "{ files: 20 }",
    "mkdir cache && touch $(seq -f cache/%g 1 21)",
  ],
} as const;

describe("a result with", () => {
  for (const [name, [results, run]] of Object.entries(ways)) {
    test(`${name} is refused once, and stays where it is`, async () => {
      const repository = repositoryWith(results);
      const plan = repository.plan([
        { id: "big", run, keep: ["cache/**"], retries: { max: 3, backoff: "1ms" } },
        { id: "small", run: "echo s > small.txt" },
      ]);

      const result = await repository.ra("dispatch", plan, "--json");

      const error = ending(result).tasks[0]?.error;
      const place = placeIn(error?.message);
      expect([result.code, statuses(result)]).toEqual([1, { big: "error", small: "done" }]);
      expect(ending(result).tasks[0]?.attempts).toBe(1);
      expect(error?.kind).toBe("failed");
      expect(readdirSync(place).length).toBeGreaterThan(1);
      const left = (await cleanJson(repository, "--yes")).items.find(
        ({ names }) => (names as string[])[0] === place,
      );
      expect(left).toMatchObject({ kind: "leftover", goes: false, unlanded: true });
      // Neither a resume nor a clean-up without a name gives it up.
      await repository.ra("resume", ending(result).run);
      expect(readdirSync(place).length).toBeGreaterThan(1);
      expect((await repository.ra("clean", ending(result).run, "--yes")).code).toBe(0);
      expect(existsSync(place)).toBe(false);
    });
  }

  test("many ignored files below a new directory is none of that size", async () => {
    const repository = repositoryWith("{ files: 20 }");
    const run = "mkdir -p app/cache && touch $(seq -f app/cache/%g 1 50) && echo a > app/a.txt";

    const result = await repository.ra("dispatch", repository.plan([{ id: "app", run }]), "--json");

    expect([result.code, statuses(result)]).toEqual([0, { app: "done" }]);
  });

  test("nearly as much as it may have is told of", async () => {
    const repository = repositoryWith("{ files: 20 }");
    const plan = repository.plan([{ id: "near", run: "touch $(seq -f %g.txt 1 17)" }]);

    const result = await repository.ra("dispatch", plan, "--json");

    const [finished] = eventsOf(result, "attempt.finished");
    expect(result.code).toBe(0);
    expect(finished?.notes).toEqual(["it adds or changes 17 files, and 20 are the most"]);
  });
});
