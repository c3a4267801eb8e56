import { describe, expect, test } from "bun:test";
import { ending, type TestRepository, testRepository, until } from "../../support/repository.ts";

async function why(
  repository: TestRepository,
  name: string,
): Promise<{ text: string; json: Record<string, never> }> {
  const [text, json] = [
    await repository.ra("why", name),
    await repository.ra("why", name, "--json"),
  ];
  expect([text.code, json.code]).toEqual([0, 0]);
  expect(text.stdout.split("\n").length).toBeLessThan(24);
  return { text: text.stdout, json: JSON.parse(json.stdout) };
}

async function isWaiting(repository: TestRepository): Promise<boolean> {
  return JSON.parse((await repository.ra("ps", "--json")).stdout).waiting.length > 0;
}

describe("ra why RUN/TASK", () => {
  test("names the claim of another run that a task waits for, with both globs, and what is not done", async () => {
    const repository = testRepository();
    const { hold } = repository;
    const first = repository.plan([
      { id: "api", touching: ["src/**"], run: `${hold("api")}; echo a > a.txt` },
    ]);
    const second = repository.plan([
      { id: "docs", touching: ["src/docs/*"], run: "echo d > d.txt" },
      { id: "last", deps: ["docs"], run: "true" },
    ]);
    const holder = await repository.start("dispatch", first, "--json");
    await repository.arrival("api");
    const waiter = await repository.start("dispatch", second, "--json");
    await until(() => isWaiting(repository), "the waiting task");

    const docs = await why(repository, "@last/docs");
    const last = await why(repository, "@last/last");
    const claims = JSON.parse((await repository.ra("ps", "--json")).stdout).claims;
    repository.open("api");
    const [held] = await Promise.all([holder.ended, waiter.ended]);

    const by = `${ending(held).run}/api`;
    expect(docs.text).toContain(`for ${by}: its src/** meets src/docs/* of this task`);
    expect(docs.json.waiting).toEqual({
      kind: "claim",
      by,
      theirs: "src/**",
      glob: "src/docs/*",
    } as never);
    expect(last.text).toContain("needs    docs, which is waiting");
    expect(claims).toEqual([{ run: ending(held).run, task: "api", glob: "src/**", live: true }]);
  });

  test("tells of a conflict the paths, the other task, the kept work and the commands", async () => {
    const repository = testRepository({ "list.txt": "zero\n" });
    const { hold } = repository;
    const plan = repository.plan([
      { id: "mine", run: `${hold("mine")}; echo mine > list.txt` },
      { id: "theirs", run: `${hold("theirs")}; echo theirs > list.txt` },
      { id: "after", deps: ["theirs"], run: "true" },
      { id: "last", deps: ["after"], run: "true" },
    ]);
    const dispatch = await repository.start("dispatch", plan, "--json");
    await Promise.all(["mine", "theirs"].map(repository.arrival));
    repository.open("mine");
    await until(() => repository.git("for-each-ref", "refs/ra/*/_tip") !== "", "mine to land");
    repository.open("theirs");
    const { run } = ending(await dispatch.ended);

    const conflict = await why(repository, `${run}/theirs`);
    const skipped = await why(repository, `${run}/last`);
    const whole = await why(repository, run);

    expect(conflict.json.conflict).toEqual({ paths: ["list.txt"], with: ["mine"] } as never);
    expect(conflict.text).toContain(`refs/ra/${run}/theirs/1`);
    for (const command of [
      `ra diff ${run}/theirs`,
      `ra land ${run}/theirs`,
      `ra logs ${run}/theirs`,
    ]) {
      expect(conflict.text).toContain(command);
    }
    expect(skipped.text).toContain("because  theirs: conflict with mine in list.txt");
    expect(skipped.text).toContain(`ra why ${run}/theirs`);
    expect(whole.text).toContain("exit     7: the work is good but did not land");
    expect(whole.text).toContain("first    theirs: conflict with mine in list.txt");
  });

  test("tells of a failed check its output, and how to land all the same", async () => {
    const repository = testRepository();
    const plan = repository.plan([
      { id: "one", run: "echo 1 > 1.txt", verify: "printf 'bad\\033[2J news\\n'; exit 3" },
    ]);
    const { run } = ending(await repository.ra("dispatch", plan, "--json"));

    const { text, json } = await why(repository, `${run}/one`);

    expect(text).toContain("exited 3");
    expect(text).toContain("bad news");
    expect(text).not.toContain("\u001b");
    expect(text).toContain(`ra land ${run}/one --no-verify`);
    expect((json.error as unknown as { kind: string }).kind).toBe("verify");
  });
});

describe("ra why RUN", () => {
  test("names the command that lands what a checkout kept back, as the end of the run does", async () => {
    const repository = testRepository();
    repository.write({ "README.md": "mine\n" });
    const done = await repository.ra(
      "dispatch",
      repository.plan([{ id: "one", run: "echo 1 > README.md" }]),
    );
    const run = /run=(\w+)/.exec(done.stderr)?.[1] ?? "";

    const { text, json } = await why(repository, run);

    expect(done.stderr).toContain(`next="ra land ${run}"`);
    expect(text).toContain(`ra land ${run}`);
    expect(text).toContain("uncommitted changes (`README.md`)");
    expect([json.exitCode, json.causes]).toEqual([7, []] as never[]);
    expect((await repository.ra("show", run)).stdout).toContain(`land it with: ra land ${run}`);
  });

  test("says that a run goes on, waits for a person, or was left", async () => {
    const repository = testRepository();
    const { hold } = repository;
    const plan = repository.plan(
      [
        { id: "one", run: hold("one") },
        { id: "two", deps: ["one"], run: "true" },
      ],
      {
        mode: "step-through",
      },
    );
    const dispatch = await repository.start("dispatch", plan, "--wait");
    await repository.arrival("one");

    const running = await why(repository, "@last");
    repository.open("one");
    await until(
      async () => (await why(repository, "@last")).text.includes("is paused"),
      "the pause",
    );
    const paused = await why(repository, "@last");
    dispatch.signal("SIGKILL");
    await dispatch.ended;
    const left = await why(repository, "@last");

    expect(running.text).toContain("is running");
    expect(paused.text).toContain("ra continue ");
    expect(left.text).toContain("the ra that drove it is gone");
    expect(left.text).toContain("ra resume ");
  });
});
