import { expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type AcpScript, acpAgent } from "../../plugins/acp-agent.ts";
import { killWithWarden } from "../../support/keepers.ts";
import {
  ending,
  eventsOf,
  type RaProcess,
  statuses,
  type TestRepository,
  testRepository,
  until,
} from "../../support/repository.ts";
import { enter, lines, openScreen } from "../cli/screen.ts";

const permission = {
  toolCall: { toolCallId: "c1", kind: "fetch", title: "Fetch https://example.com/\u001b[31mred" },
  options: [
    { optionId: "always", name: "Allow always", kind: "allow_always" },
    { optionId: "yes", name: "Allow", kind: "allow_once" },
    { optionId: "no", name: "Reject", kind: "reject_once" },
  ],
};

/** A repository whose config lets a scripted agent do the tasks: it asks first, and writes what it was told. */
function asking(script: AcpScript = { permission }, config = ""): TestRepository {
  const repository = testRepository();
  const { command } = acpAgent({ writes: "told.txt", ...script });
  const directory = join(repository.env.XDG_CONFIG_HOME ?? "", "ra");
  mkdirSync(directory, { recursive: true });
  const text = `runners: { acp: { command: ${JSON.stringify(command)} } }\n${config}`;
  writeFileSync(join(directory, "config.yaml"), text);
  return repository;
}

function plan(repository: TestRepository, more: object = {}): string {
  const own = { prompt: "Do it.", runner: "acp", touching: ["**"], ...more };
  return repository.plan([{ id: "api", ...own }]);
}

interface Listed {
  readonly gate: string;
  readonly run: string;
  readonly command: string;
}

async function questionsOf(repository: TestRepository): Promise<Listed[]> {
  const { code, stdout } = await repository.ra("answer", "--json");
  expect(code).toBe(0);
  return JSON.parse(stdout).questions;
}

/** Waits until an agent asks something. */
async function asked(repository: TestRepository): Promise<Listed> {
  let found: Listed | undefined;
  await until(async () => {
    [found] = await questionsOf(repository);
    return found !== undefined;
  }, "a question");
  return found as Listed;
}

function dispatch(repository: TestRepository, ...more: string[]): Promise<RaProcess> {
  return repository.start("dispatch", plan(repository), "--wait", "--json", ...more);
}

test("is shown everywhere, answered from another process, and lands; a second answer is refused", async () => {
  const repository = asking();
  const running = await dispatch(repository);
  const { gate, run } = await asked(repository);

  const [list, ps, show, why, task] = await Promise.all([
    repository.ra("answer"),
    repository.ra("ps"),
    repository.ra("show", "@last"),
    repository.ra("why", "@last/api"),
    repository.ra("show", "@last/api", "--json"),
  ]);
  const report = (name: string) => readFileSync(join(repository.dir, ".ra", name), "utf8");
  // The reports follow the log at some distance.
  await until(() => report("state.md").includes(gate), "the report");
  const [processes, state] = [report("processes.json"), report("state.md")];
  const unknown = await repository.ra("answer", gate, "perhaps");
  const none = await repository.ra("answer", gate);
  const first = await repository.ra("answer", gate, "yes");
  const second = await repository.ra("answer", gate, "no");
  const byTask = await repository.ra("answer", `${run}/api`, "--deny");
  const result = await running.ended;
  const late = await repository.ra("answer", gate, "--deny");

  const command = `ra answer ${gate} OPTION`;
  const text = "Fetch https://example.com/red";
  for (const { stdout } of [list, ps, show]) {
    expect(stdout).toMatch(/NEEDS YOU {2}\w+\/api asks for [\d.ms]+: /);
    expect(stdout).toContain(`${text}\n`);
    expect(stdout).toContain(`${command}   always, yes, no; within `);
  }
  expect(ps.stdout).toMatch(/api\/1 +needs-you +acp/);
  expect(why.stdout).toContain(`api is needs-you\n  asks     ${text}`);
  expect(why.stdout).toContain(`ra answer ${gate} no`);
  expect(JSON.parse(task.stdout)).toMatchObject({
    status: "needs-you",
    tries: [{ questions: [{ gate, text, end: null }] }],
  });
  expect(JSON.parse(processes).processes).toMatchObject([
    { status: "needs-you", questions: [{ gate, text, command }] },
  ]);
  expect(state).toContain(`asks a person since`);
  expect(state).toContain(`\`${text}\`, answered by \`${command}\``);

  expect([unknown.code, none.code]).toEqual([2, 2]);
  expect(unknown.stderr).toContain(
    "always (Allow always, from now on too); yes (Allow); no (Reject)",
  );
  expect(first.stderr).toBe(`ra: ${run}/api goes on: yes\n`);
  for (const refused of [second, byTask, late]) {
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("error[QUESTION_CLOSED]");
    expect(refused.stderr).toMatch(/was answered at \S+Z: yes \(Allow\), by ra answer/);
  }
  expect([first.code, result.code, statuses(result)]).toEqual([0, 0, { api: "done" }]);
  expect(repository.git("show", "main:told.txt")).toBe("yes");
  expect(eventsOf(result, "question.answered")).toMatchObject([
    { gate, answer: "yes", by: "ra answer" },
  ]);
});

test("is refused this once with --deny, and nobody else may say more than one thing", async () => {
  const repository = asking();
  const running = await dispatch(repository);
  const { run } = await asked(repository);

  const both = await repository.ra("answer", run, "yes", "--deny");
  const denied = await repository.ra("answer", `${run}/api`, "--deny", "--json");
  const result = await running.ended;

  expect([both.code, denied.code]).toEqual([2, 0]);
  expect(JSON.parse(denied.stdout)).toMatchObject({ type: "question.answered", answer: "no" });
  // A person decided: what comes of it is a failure like any other.
  expect(ending(result)).toMatchObject({ exitCode: 1, tasks: [{ error: { kind: "no-change" } }] });
});

test("of two that answer at once one is told who was faster", async () => {
  const repository = asking();
  const running = await dispatch(repository);
  const { gate } = await asked(repository);

  const answers = await Promise.all([
    repository.ra("answer", gate, "yes"),
    repository.ra("answer", gate, "always"),
  ]);
  const result = await running.ended;

  expect(answers.map(({ code }) => code).sort()).toEqual([0, 2]);
  const [recorded, ...others] = eventsOf(result, "question.answered");
  expect(others).toEqual([]);
  expect(repository.git("show", "main:told.txt")).toBe(recorded?.answer as string);
});

test("a question without options takes a text", async () => {
  const properties = { port: { type: "string" } };
  const requestedSchema = { type: "object", properties };
  const form = { mode: "form", message: "Which port?", requestedSchema };
  const repository = asking({ form });
  const running = await dispatch(repository);
  const { gate, command } = await asked(repository);

  const answer = await repository.ra("answer", gate, "8080 and 8081");
  const result = await running.ended;

  expect(command).toBe(`ra answer ${gate} "TEXT"`);
  expect([answer.code, result.code]).toEqual([0, 0]);
  expect(repository.git("show", "main:told.txt")).toBe("8080 and 8081");
});

test("where nobody is there it is refused at once, and a task that comes to nothing for it ends with exit 3", async () => {
  const repository = asking();

  const result = await repository.ra("dispatch", plan(repository), "--json");
  const why = await repository.ra("why", "@last/api");

  expect(ending(result)).toMatchObject({ exitCode: 3, tasks: [{ error: { kind: "no-change" } }] });
  expect(eventsOf(result, "question.withdrawn")).toMatchObject([{ reason: "unanswered" }]);
  expect(eventsOf(result, "attempt.finished")[0]?.notes).toContain(
    "it asked `Fetch https://example.com/red`: refused, as nobody answered",
  );
  expect(why.stdout).toContain("nobody answered: it is refused");
});

test("waits as long as the config says, also where nobody is there", async () => {
  const repository = asking({ permission }, "questions: { wait: 200ms }\n");

  const result = await repository.ra("dispatch", plan(repository), "--json");

  const [question] = eventsOf(result, "question.asked");
  const [withdrawn] = eventsOf(result, "question.withdrawn");
  const waitsMs = Date.parse(question?.until ?? "") - Date.parse(question?.at ?? "");
  // From the beginning of the transaction that asks, which others may share. Without the config it would be 0, or half an hour.
  expect(waitsMs).toBeWithin(200, 30 * 60_000);
  expect(withdrawn?.reason).toBe("unanswered");
  expect(withdrawn?.at.localeCompare(question?.until ?? "")).toBeGreaterThanOrEqual(0);
});

test("goes with the ra that was killed; the next attempt asks again", async () => {
  const repository = asking();
  const running = await dispatch(repository);
  const { gate } = await asked(repository);
  await killWithWarden(running);

  const orphaned = await questionsOf(repository);
  const resume = await repository.start("resume", "@last", "--wait", "--json");
  const again = await asked(repository);
  const late = await repository.ra("answer", gate, "yes");
  const answer = await repository.ra("answer", "@last", "--allow");
  const result = await resume.ended;

  expect(orphaned).toEqual([]);
  expect(again.gate).not.toBe(gate);
  expect(late.stderr).toContain("its question went with the `ra` that drove it");
  expect([late.code, answer.code, result.code]).toEqual([2, 0, 0]);
  expect(statuses(result)).toEqual({ api: "done" });
  const log = await repository.ra("logs", "@last", "--json");
  expect(eventsOf(log, "question.withdrawn")).toMatchObject([{ gate, reason: "lost" }]);
});

test("goes with a task that is stopped", async () => {
  const repository = asking();
  const running = await dispatch(repository);
  await asked(repository);

  const stop = await repository.ra("stop", "@last/api");
  const result = await running.ended;

  expect([stop.code, statuses(result)]).toEqual([0, { api: "stopped" }]);
  expect(eventsOf(result, "question.withdrawn")).toMatchObject([{ reason: "ended" }]);
});

test("is asked at the terminal, again after rubbish, beside what others print", async () => {
  const repository = asking();
  const tasks = [
    { id: "api", prompt: "Do it.", runner: "acp" },
    { id: "other", run: `${repository.hold("other")}; echo x > x.txt` },
  ];
  const screen = await openScreen(repository, ["dispatch", repository.plan(tasks)]);

  await screen.shows(/api asks: Fetch [\s\S]*answer to api \[1-3\] $/);
  repository.open("other");
  await screen.shows(/other +done[^\n]*\r?\n.*answer to api \[1-3\] $/);
  screen.type(`perhaps${enter}`);
  await screen.shows(/has no option `perhaps`[\s\S]*answer to api \[1-3\] $/);
  screen.type(`2${enter}`);
  const code = await screen.ended;

  expect(code).toBe(0);
  expect(repository.git("show", "main:told.txt")).toBe("yes");
  expect(screen.text).toMatch(/api +goes on +answered by terminal: yes/);
});

test("leaves the terminal when another process answers", async () => {
  const repository = asking();
  const screen = await openScreen(repository, ["dispatch", plan(repository)]);
  await screen.shows(/answer to api \[1-3\] $/);

  const answer = await repository.ra("answer", "@last", "yes");
  const code = await screen.ended;

  expect([answer.code, code]).toEqual([0, 0]);
  expect(lines(screen.text).filter((line) => line.includes("answer to"))).toEqual([]);
  expect(screen.text).toMatch(/api +goes on +answered by ra answer: yes/);
});

test("an agent does not answer for a person", async () => {
  const repository = asking();
  const running = await dispatch(repository);
  const { gate } = await asked(repository);
  repository.env.RA_ATTEMPT = "r1/api/1";

  const own = await repository.ra("answer", gate, "yes");
  delete repository.env.RA_ATTEMPT;
  await repository.ra("answer", gate, "yes");
  const result = await running.ended;

  expect(own.code).toBe(3);
  expect(own.stderr).toContain("error[AGENT_ANSWERS]");
  expect(result.code).toBe(0);
});

test("says so where nothing is asked", async () => {
  const repository = testRepository();

  const list = await repository.ra("answer");
  const flag = await repository.ra("answer", "--allow");
  const named = await repository.ra("answer", "r7k2", "yes");

  expect([list.code, list.stdout]).toEqual([0, "no agent asks anything\n"]);
  expect([flag.code, named.code]).toEqual([2, 2]);
});
