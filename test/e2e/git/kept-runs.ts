import { expect } from "bun:test";
import { ending, type RaResult, type TestRepository, until } from "../../support/repository.ts";

/** First lines of the commits of a revision, oldest first. */
export function subjects(repository: TestRepository, revision = "main"): string[] {
  return repository.git("log", "--reverse", "--format=%s", revision).split("\n");
}

/** A run of two tasks that an edit of the user keeps off the branch. Gives the run's id. */
export async function keptRun(
  repository: TestRepository,
  rest: Record<string, unknown> = {},
): Promise<string> {
  repository.write({ "README.md": "mine\n" });
  const plan = repository.plan([
    { id: "one", run: "echo one > README.md", ...rest },
    { id: "two", deps: ["one"], run: "echo two > two.txt", ...rest },
  ]);
  const result = await repository.ra("dispatch", plan, "--json");
  expect([result.code, ending(result).published?.keptOn]).toEqual([7, `ra/${ending(result).run}`]);
  return ending(result).run;
}

/** A run of two tasks that has landed, of which the second needs the first. */
export async function landedRun(repository: TestRepository): Promise<string> {
  const plan = repository.plan([
    { id: "one", run: "echo one > one.txt" },
    { id: "two", deps: ["one"], run: "echo two > two.txt" },
  ]);
  const result = await repository.ra("dispatch", plan, "--json");
  expect(result.code).toBe(0);
  return ending(result).run;
}

/** A run in which `theirs` ends as a conflict with `mine`. */
export async function conflictRun(repository: TestRepository): Promise<RaResult> {
  const { hold } = repository;
  const plan = repository.plan([
    { id: "mine", run: `${hold("mine")}; echo mine > list.txt` },
    { id: "theirs", run: `${hold("theirs")}; echo theirs > list.txt; echo t > theirs.txt` },
    { id: "after", deps: ["theirs"], run: "cat theirs.txt > after.txt" },
  ]);
  const dispatch = await repository.start("dispatch", plan, "--json");
  await Promise.all(["mine", "theirs"].map(repository.arrival));
  repository.open("mine");
  await until(() => repository.git("for-each-ref", "refs/ra/*/_tip") !== "", "mine to land");
  repository.open("theirs");
  return await dispatch.ended;
}
