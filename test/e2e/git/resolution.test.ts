import { describe, expect, test } from "bun:test";
import { isAlive, processIdentity } from "../../../core/process/table.ts";
import {
  ending,
  eventsOf,
  type RaResult,
  statuses,
  type TestRepository,
  testRepository,
  until,
} from "../../support/repository.ts";
import { fakeKilo } from "../cli/agent.ts";

/**
 * Two agents change the same line. `mine` lands first; then the agent gets the conflict of `theirs`, and does
 * `resolve` in it.
 */
async function conflictOf(
  resolve: string,
  change: Readonly<Record<string, unknown>> = {},
): Promise<{ repository: TestRepository; result: RaResult }> {
  const repository = testRepository({ "list.txt": "top\nzero\nend\n" });
  const { hold } = repository;
  fakeKilo(
    repository,
    `case "$PROMPT" in
"Resolve the merge conflict"*)
  cp list.txt $GATES/given.txt; printf '%s' "$PROMPT" > $GATES/prompt.txt
  ${resolve};;
"Write mine."*) ${hold("mine")}; printf 'top\\nmine\\nend\\n' > list.txt;;
*) ${hold("theirs")}; printf 'top\\ntheirs\\nend\\n' > list.txt; echo x > other.txt;;
esac`,
  );
  const plan = repository.plan([
    { id: "mine", prompt: "Write mine." },
    { id: "theirs", prompt: "Write theirs.", onConflict: "agent", ...change },
  ]);
  const dispatch = await repository.start("dispatch", plan, "--json");
  await Promise.all(["mine", "theirs"].map(repository.arrival));
  repository.open("mine");
  await until(
    () => repository.git("for-each-ref", "refs/ra/*/_tip", "--format=%(contents)").includes("mine"),
    "the landing of mine",
  );
  repository.open("theirs");
  return { repository, result: await dispatch.ended };
}

const keepBoth = "printf 'top\\nmine\\ntheirs\\nend\\n' > list.txt";

describe("a conflict that an agent gets", () => {
  test("lands when the answer keeps both sides, and the log says what the attempt was", async () => {
    const { repository, result } = await conflictOf(keepBoth, {
      verify: "grep -q mine list.txt && grep -q theirs list.txt && test ! -e .ra-dropped-lines",
    });

    const { run } = ending(result);
    expect([result.code, statuses(result)]).toEqual([0, { mine: "done", theirs: "done" }]);
    expect(repository.git("show", "main:list.txt")).toBe("top\nmine\ntheirs\nend");
    expect(repository.git("show", "main:other.txt")).toBe("x");
    expect(repository.git("ls-tree", "--name-only", "main").split("\n")).toEqual([
      "list.txt",
      "other.txt",
    ]);
    const subjects = repository.git("log", "--format=%s", "main").split("\n");
    expect(subjects.map((subject) => subject.split(" — ")[0])).toEqual([
      "dispatch: task theirs",
      "dispatch: task mine",
      "start",
    ]);
    const resolves = eventsOf(result, "attempt.started").flatMap((event) => event.resolves ?? []);
    expect(resolves).toEqual([{ attempt: 1, paths: ["list.txt"], with: ["mine"] }]);
    expect(repository.git("show", `refs/ra/${run}/theirs/1:list.txt`)).toBe("top\ntheirs\nend");
    expect(repository.git("status", "--porcelain")).toBe("");
  });

  test("comes with markers that name the tasks, and with what both were asked", async () => {
    const { repository } = await conflictOf(`${keepBoth}; cp $GATES/*.txt .`);

    const read = (name: string): Promise<string> =>
      Bun.file(`${repository.env.GATES}/${name}`).text();
    const given = await read("given.txt");
    const prompt = await read("prompt.txt");
    expect(given.replace(/^\|{7} .*$/m, "|||||||")).toBe(
      "top\n<<<<<<< landed/mine\nmine\n|||||||\nzero\n=======\ntheirs\n>>>>>>> task/theirs\nend\n",
    );
    expect(prompt).toContain("- `list.txt`: markers stand in the file.");
    expect(prompt).toContain(
      "Task `theirs`, whose work is to be merged, was asked:\n\n> Write theirs.",
    );
    expect(prompt).toContain("Task `mine`, whose work has landed, was asked:\n\n> Write mine.");
  });

  test.each([
    ["when markers are left", "echo more >> list.txt", "conflict markers are left in list.txt"],
    [
      "when a line is gone without a word",
      "printf 'top\\ntheirs\\nend\\n' > list.txt",
      "lines are gone that `.ra-dropped-lines` does not name: `mine` of what had landed in list.txt",
    ],
    ["when the agent fails", "exit 3", ""],
  ])("stays a conflict %s: nothing lands, all work is kept", async (_, resolve, why) => {
    const { repository, result } = await conflictOf(resolve);

    const { run, tasks } = ending(result);
    const error = tasks.find(({ id }) => id === "theirs")?.error;
    expect([result.code, statuses(result)]).toEqual([7, { mine: "done", theirs: "error" }]);
    expect(error?.kind).toBe("conflict");
    expect(error?.message).toStartWith("conflict with mine in list.txt; not resolved: ");
    expect(error?.message).toContain(why);
    expect(repository.git("show", "main:list.txt")).toBe("top\nmine\nend");
    expect(repository.git("show", `refs/ra/${run}/theirs/1:list.txt`)).toBe("top\ntheirs\nend");
    const second = repository.git("for-each-ref", `refs/ra/${run}/theirs/2`);
    expect(second === "").toBe(resolve === "exit 3");
  });

  test("lands without a line that the agent names as dropped, which the report names, too", async () => {
    const { repository, result } = await conflictOf(
      "printf 'top\\nmine and theirs\\nend\\n' > list.txt; printf 'mine\\ntheirs\\n' >> .ra-dropped-lines",
    );

    expect(result.code).toBe(0);
    expect(repository.git("show", "main:list.txt")).toBe("top\nmine and theirs\nend");
    expect(eventsOf(result, "merge.finished").at(-1)?.warnings).toEqual([
      "dropped `mine` of what had landed in list.txt",
      "dropped `theirs` of the task in list.txt",
    ]);
  });

  test("goes to the resolver that the plan names, also for a command", async () => {
    const { repository, result } = await conflictOf(keepBoth, {
      prompt: undefined,
      run: "touch $GATES/theirs.here; read -r _ < $GATES/theirs.go; printf 'top\\ntheirs\\nend\\n' > list.txt",
      resolver: { runner: "kilo", model: "clever" },
    });

    expect([result.code, statuses(result)]).toEqual([0, { mine: "done", theirs: "done" }]);
    expect(repository.git("show", "main:list.txt")).toBe("top\nmine\ntheirs\nend");
    const starts = eventsOf(result, "attempt.started").filter(({ task }) => task === "theirs");
    expect(starts.map(({ runner, model }) => [runner, model])).toEqual([
      ["shell", null],
      ["kilo", "clever"],
    ]);
    const runner = "--format=%(trailers:key=Ra-Runner,valueonly)";
    expect(repository.git("log", "-1", runner, "main").trim()).toBe("kilo");
  });

  test("stays a conflict when the answer does not pass the check", async () => {
    const { repository, result } = await conflictOf(keepBoth, {
      verify: "test $(wc -l < list.txt) -le 3 || { echo too long; false; }",
    });

    const error = ending(result).tasks[1]?.error;
    expect([result.code, error?.kind]).toEqual([7, "conflict"]);
    expect(error?.message).toContain("not resolved: `test");
    expect(error?.message).toEndWith("too long");
    expect(repository.git("show", "main:list.txt")).toBe("top\nmine\nend");
  });
});

describe("executable configuration", () => {
  test("is named in every report, whatever became of the work", async () => {
    const repository = testRepository();
    const plan = repository.plan([
      {
        id: "good",
        touching: [".github/**"],
        run: "mkdir -p .github/workflows; echo x > .github/workflows/ci.yml",
      },
      { id: "bad", run: "echo x > CLAUDE.md; ln -s .git/hooks hooks; exit 1" },
    ]);

    const result = await repository.ra("dispatch", plan, "--json");
    const { run } = ending(result);
    const [show, again] = [
      await repository.ra("show", `${run}/bad`),
      await repository.ra("show", run),
    ];
    const told = await repository.ra("dispatch", plan);

    const message = (paths: string): string => `changed executable configuration: ${paths}`;
    const findings = eventsOf(result, "attempt.finished").flatMap((event) => event.findings ?? []);
    expect(findings.map(({ check, paths }) => [check, ...paths]).sort()).toEqual([
      ["executable-config", ".github/workflows/ci.yml"],
      ["executable-config", "CLAUDE.md", "hooks"],
    ]);
    expect(show.stdout).toContain(`attempt 1 ${message("CLAUDE.md, hooks")}`);
    expect(again.stdout).toContain(message(".github/workflows/ci.yml"));
    expect(told.stderr).toMatch(
      /bad +warning +changed executable configuration: CLAUDE\.md, hooks/,
    );
    expect(told.stderr).toContain(`look at  bad ${message("CLAUDE.md, hooks")}`);
  });
});

test("a claim that grows keeps another run's task waiting until it lands", async () => {
  const repository = testRepository();
  const { hold } = repository;
  const first = repository.plan([
    { id: "a", touching: ["src/**"], scope: "extend", run: "mkdir docs && echo a > docs/a.md" },
    { id: "b", deps: ["a"], run: hold("b") },
  ]);
  const second = repository.plan([{ id: "c", touching: ["docs/**"], run: "echo c > docs/c.md" }]);

  const one = await repository.start("dispatch", first, "--json");
  await repository.arrival("b");
  const two = await repository.start("dispatch", second, "--json");
  await until(async () => (await repository.ra("ps")).stdout.includes("waits for"), "the waiting");
  const [ps, state] = [
    await repository.ra("ps"),
    await Bun.file(`${repository.dir}/.ra/state.md`).text(),
  ];
  repository.open("b");
  const [ended, waited] = [await one.ended, await two.ended];

  const { run } = ending(ended);
  expect([ended.code, waited.code]).toEqual([0, 0]);
  expect(eventsOf(ended, "claim.extended")).toMatchObject([{ task: "a", paths: ["docs/a.md"] }]);
  expect(eventsOf(waited, "task.waiting").map(({ reason }) => reason)).toEqual([
    { kind: "claim", glob: "docs/**", by: `${run}/a`, theirs: "docs/a.md" },
  ]);
  expect(ps.stdout).toContain(`${run}/a`);
  expect(ps.stdout).toMatch(/src\/\*\* docs\/a\.md|docs\/a\.md src\/\*\*/);
  expect(state).toContain(`- \`docs/a.md\` by \`${run}/a\`, done but not landed yet`);
});

test("a resolution that was cut off goes on from the result that conflicted, not from the task", async () => {
  const repository = testRepository({ "list.txt": "top\nzero\nend\n" });
  const { hold } = repository;
  fakeKilo(
    repository,
    `case "$PROMPT" in
"Resolve the merge conflict"*) echo resolve >> $GATES/prompts; ${hold("resolve")}; ${keepBoth};;
"Write mine."*) ${hold("mine")}; printf 'top\\nmine\\nend\\n' > list.txt;;
*) echo task >> $GATES/prompts; ${hold("theirs")}; printf 'top\\ntheirs\\nend\\n' > list.txt;;
esac`,
  );
  const plan = repository.plan([
    { id: "mine", prompt: "Write mine." },
    { id: "theirs", prompt: "Write theirs.", onConflict: "agent" },
  ]);
  const dispatch = await repository.start("dispatch", plan, "--json");
  await Promise.all(["mine", "theirs"].map(repository.arrival));
  repository.open("mine");
  await until(
    () => repository.git("for-each-ref", "refs/ra/*/_tip", "--format=%(contents)").includes("mine"),
    "the landing of mine",
  );
  repository.open("theirs");
  await repository.arrival("resolve");
  dispatch.signal("SIGKILL");
  await dispatch.ended;
  const orphans = repository.living().map(processIdentity);

  const resume = await repository.start("resume", "--json");
  await until(() => !orphans.some(isAlive), "the end of what the dead ra had started");
  repository.open("resolve");
  const resumed = await resume.ended;

  const prompts = await Bun.file(`${repository.env.GATES}/prompts`).text();
  const [again] = eventsOf(resumed, "attempt.started");
  expect(resumed.code).toBe(0);
  expect(prompts).toBe("task\nresolve\nresolve\n");
  expect(again?.resolves).toEqual({ attempt: 1, paths: ["list.txt"], with: ["mine"] });
  expect(repository.git("show", "main:list.txt")).toBe("top\nmine\ntheirs\nend");
});
