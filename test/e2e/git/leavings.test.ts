import { expect, test } from "bun:test";
import { ending, eventsOf, testRepository } from "../../support/repository.ts";

test("an ignored file lands when `keep` names it, and others are told of", async () => {
  const repository = testRepository();
  const plan = repository.plan(
    [
      { id: "make", run: "echo '*.out' > .gitignore; echo 1 > one.out; echo 2 > two.out" },
      { id: "next", deps: ["make"], run: "cat one.out > seen.txt" },
    ],
    { defaults: { keep: ["one.*"] } },
  );

  const result = await repository.ra("dispatch", plan, "--json");

  expect(result.code).toBe(0);
  expect(repository.git("show", "main:one.out")).toBe("1");
  expect(repository.git("show", "main:seen.txt")).toBe("1");
  expect(eventsOf(result, "attempt.finished")[0]?.notes).toEqual([
    "`two.out`: ignored by git and not in the result",
  ]);
});

test("work that stands only in the git of a task is kept and told of, also when the task fails", async () => {
  const repository = testRepository();
  const run = [
    "git checkout -qb aside; echo x > aside.txt; git add -A",
    "git -c user.name=n -c user.email=e commit -qm aside; git checkout -q -; exit 1",
  ].join("; ");
  const plan = repository.plan([{ id: "a", run }]);

  const result = await repository.ra("dispatch", plan, "--json");

  const ref = `refs/ra/${ending(result).run}/a/1.git`;
  expect(result.code).toBe(1);
  expect(eventsOf(result, "attempt.finished")[0]?.notes.join()).toContain(
    `its git held 1 commit beside its files: kept at \`${ref}\``,
  );
  expect(repository.git("show", `${ref}^1:aside.txt`)).toBe("x");
});
