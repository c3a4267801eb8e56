import { expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { killWithWarden } from "../../support/keepers.ts";
import { eventsOf, statuses, testRepository } from "../../support/repository.ts";
import { fakeKilo } from "../cli/agent.ts";

const said = JSON.stringify({ type: "text", sessionID: "ses_1", part: { text: "at work" } });

test("work of an attempt that goes on is whole after a kill, and the next one goes on from all of it", async () => {
  const repository = testRepository();
  const { top, hold } = repository;
  fakeKilo(
    repository,
    `pwd >> ${top}/places; echo "$ARGS" >> ${top}/args; echo "$PROMPT" > ${top}/prompt.$RA_TASK
echo '${said}'
case "$RA_ATTEMPT" in
*/1) echo one > one.txt; echo mine > README.md ;;
*/2) echo two > two.txt; ${hold("second")} ;;
*) echo three > three.txt ;;
esac`,
  );
  const plan = repository.plan([
    {
      ...{ id: "work", prompt: "Do the work.", verify: "test -e three.txt" },
      ...{ runner: "kilo", continueSession: true, retries: { max: 3, backoff: "1ms" } },
    },
  ]);
  const dispatch = await repository.start("dispatch", plan, "--json");
  await repository.arrival("second");
  await killWithWarden(dispatch);

  const resumed = await repository.ra("resume", "--json");

  expect([resumed.code, statuses(resumed)]).toEqual([0, { work: "done" }]);
  const [lost] = eventsOf(resumed, "attempt.finished");
  expect(lost).toMatchObject({ attempt: 2, outcome: { kind: "lost" } });
  // Whoever lands what is kept by hand gets the work of both.
  const changed = repository.git("diff", "--name-only", `${lost?.kept}^`, `${lost?.kept}`);
  expect(changed.split("\n")).toEqual(["README.md", "one.txt", "two.txt"]);
  expect(repository.git("log", "--format=%s", "main").split("\n")).toHaveLength(2);
  const files = ["README.md", "one.txt", "three.txt", "two.txt"];
  expect(repository.git("ls-tree", "--name-only", "main").split("\n")).toEqual(files);
  expect(repository.git("show", "main:README.md")).toBe("mine");
  const lines = (name: string): string[] =>
    readFileSync(join(top, name), "utf8").trimEnd().split("\n");
  expect(new Set(lines("places")).size).toBe(1);
  expect(lines("args").map((line) => line.includes("--session ses_1"))).toEqual([
    ...[false, true, true],
  ]);
  const told = lines("prompt.work").join("\n");
  expect(told).toStartWith("Go on with task `work`.");
  expect(told).toContain("the program that drove you was killed");
  expect(told).not.toContain("Do the work.");
  const [opened] = eventsOf(resumed, "session.opened");
  expect(opened).toMatchObject({ attempt: 3, session: "ses_1" });
  // What the agent kept for its session goes with the task, and its logs stay.
  const logs = join(repository.dir, ".git", "ra", "runs", opened?.run ?? "", "work");
  expect(existsSync(join(logs, "session"))).toBe(false);
  expect(readdirSync(logs)).toContain("3.log");
});

test("a conflict is told to the session, whose files begin on what has landed", async () => {
  const repository = testRepository();
  const { top, hold } = repository;
  fakeKilo(
    repository,
    `echo '${said}'
case "$RA_ATTEMPT" in
*/mine/1) ${hold("mine")}; echo mine > README.md ;;
*/mine/2) echo "$PROMPT" > ${top}/prompt; cp README.md ${top}/found; echo both > README.md ;;
*) echo theirs > README.md ;;
esac`,
  );
  const more = { runner: "kilo", continueSession: true, onConflict: "retry" };
  const plan = repository.plan([
    { id: "mine", prompt: "Write mine.", ...more },
    { id: "theirs", prompt: "Write theirs.", ...more },
    { id: "gate", run: hold("landed"), deps: ["theirs"] },
  ]);
  const dispatch = await repository.start("dispatch", plan, "--json");
  await repository.arrival("landed");
  for (const gate of ["mine", "landed"]) repository.open(gate);
  const done = await dispatch.ended;

  expect([done.code, statuses(done)]).toEqual([0, { mine: "done", theirs: "done", gate: "done" }]);
  const told = readFileSync(join(top, "prompt"), "utf8");
  expect(told).toContain("conflict with theirs in README.md");
  expect(told).toContain("nothing of what you changed before");
  expect(told).toContain("Write theirs.");
  expect(told).not.toContain("Write mine.");
  expect(readFileSync(join(top, "found"), "utf8")).toBe("theirs\n");
  expect(repository.git("show", "main:README.md")).toBe("both");
});
