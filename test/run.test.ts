import { describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "./support/leftovers.ts";
import { type Finished, root, runProgram } from "./support/program.ts";
import { tally } from "./support/tally.ts";

const opening = `import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
`;

/** Runs a small suite in a directory of its own through `test/run.ts`. */
async function runSuite(
  files: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>> = {},
  ...options: readonly string[]
): Promise<Finished & { readonly last: string | undefined }> {
  const cwd = temporaryDirectory();
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(cwd, `${name}.test.ts`), opening + text);
  }
  const argv = [process.execPath, join(root, "test", "run.ts"), ...options];
  const result = await runProgram(argv, { cwd, env });
  return { ...result, last: result.out.trimEnd().split("\n").at(-1) };
}

test("counts what passed and succeeds", async () => {
  const result = await runSuite({ a: 'test("x", () => {}); test("y", () => {});' });

  expect([result.last, result.code]).toEqual(["2 passed, 0 failed", 0]);
});

test("counts failures and skips and fails", async () => {
  const result = await runSuite({
    a: 'test("x", () => {}); test.skip("s", () => {}); test.todo("t");',
    b: 'test("y", () => expect(1).toBe(2)); test("z", () => { throw new Error("z"); });',
  });

  expect([result.last, result.code]).toEqual(["1 passed, 2 failed, 2 skipped", 1]);
});

test("counts a file that cannot be loaded as failed", async () => {
  const result = await runSuite({ a: 'test("x", () => {});', b: 'import "./absent.ts";' });

  expect([result.last, result.code]).toEqual(["1 passed, 1 failed", 1]);
});

test("counts a failing clean-up after the tests as failed", async () => {
  const result = await runSuite({
    a: 'test("x", () => {}); afterAll(() => { throw new Error("left behind"); });',
  });

  expect([result.last, result.code]).toEqual(["1 passed, 1 failed", 1]);
});

test("fails when no test ran", async () => {
  const result = await runSuite({});

  expect([result.last, result.code]).toEqual(["0 passed, 1 failed", 1]);
});

test("fails when a test ends the whole process", async () => {
  const result = await runSuite({ a: 'test("x", () => process.exit(0));' });

  expect([result.last, result.code]).toEqual(["0 passed, 1 failed", 1]);
});

test("fails when a test kills the whole process", async () => {
  const result = await runSuite({ a: 'test("x", () => process.kill(process.pid, "SIGKILL"));' });

  expect([result.last, result.code]).toEqual(["0 passed, 1 failed", 1]);
});

test("is not deceived by a test that prints a summary of its own", async () => {
  const fake = "\\n 9 pass\\n 0 fail\\nRan 9 tests across 1 file. [1.00ms]\\n";
  const result = await runSuite({
    a: `test("x", () => { console.error("${fake}"); console.log("9 passed, 0 failed"); });`,
  });

  expect([result.last, result.code]).toEqual(["1 passed, 0 failed", 0]);
});

test("shows every test also when a coding agent runs it", async () => {
  const result = await runSuite({ a: 'test("seen", () => {});' }, { CLAUDECODE: "1", AGENT: "1" });

  expect(result.err).toContain("(pass) seen");
});

test("runs only what is asked for", async () => {
  const cwd = temporaryDirectory();
  mkdirSync(join(cwd, "one"));
  writeFileSync(join(cwd, "one", "a.test.ts"), `${opening}test("x", () => {});`);
  writeFileSync(join(cwd, "b.test.ts"), `${opening}test("y", () => expect(1).toBe(2));`);

  const result = await runProgram([process.execPath, join(root, "test", "run.ts"), "./one"], {
    cwd,
  });

  expect([result.out.trimEnd().split("\n").at(-1), result.code]).toEqual(["1 passed, 0 failed", 0]);
});

test("repeats at its end what failed, and why", async () => {
  const result = await runSuite({
    a: 'describe("of a", () => { test("<x>", () => expect("&").toBe("y")); });',
    b: 'test("late", () => new Promise(() => {}), 10);',
  });

  expect(result.out).toContain("failed: a.test.ts: of a > <x>\n");
  expect(result.out).toContain('Received: "&"');
  expect(result.out).toContain("failed: b.test.ts: late\n");
  expect(result.last).toBe("0 passed, 2 failed");
});

describe("with --rerun-failed", () => {
  const steady = 'test("steady", () => {});';
  const unsteady = `test("unsteady", () => {
    const isFirst = !existsSync("been here");
    writeFileSync("been here", "");
    expect(isFirst).toBe(false);
  });`;
  const broken = (name: string) => `test("${name}", () => expect(1).toBe(2));`;

  test("a test that fails once and passes alone counts as passed, and is named", async () => {
    const result = await runSuite({ a: steady, b: unsteady }, {}, "--rerun-failed");

    expect(result.out).toContain("ran again alone: b.test.ts: unsteady\n");
    expect([result.last, result.code]).toEqual(["2 passed, 0 failed", 0]);
  });

  test("a test that fails twice counts as failed, as does what failed beside it", async () => {
    const suite = { a: steady, b: unsteady, c: broken("broken") };
    const result = await runSuite(suite, {}, "--rerun-failed");

    expect([result.last, result.code]).toEqual(["1 passed, 2 failed", 1]);
  });

  test("nothing runs again when many failed", async () => {
    const suite = { a: unsteady, b: ["1", "2", "3"].map(broken).join("\n") };
    const result = await runSuite(suite, {}, "--rerun-failed");

    expect(result.err).not.toContain("again, alone");
    expect([result.last, result.code]).toEqual(["0 passed, 4 failed", 1]);
  });

  test("nothing runs again when a file cannot be loaded", async () => {
    const suite = { a: unsteady, b: 'import "./absent.ts";' };
    const result = await runSuite(suite, {}, "--rerun-failed");

    expect(result.err).not.toContain("again, alone");
    expect([result.last, result.code]).toEqual(["0 passed, 2 failed", 1]);
  });
});

const summary = " 2 pass\n 0 fail\nRan 2 tests across 1 file. [1.00ms]\n";
const report = '<testsuites name="bun test" tests="2" failures="0" skipped="0"></testsuites>';

const doubtful: readonly (readonly [string, Parameters<typeof tally>[0]])[] = [
  ["the report is missing", { exitCode: 0, stderr: summary, junit: null }],
  ["the report is cut", { exitCode: 0, stderr: summary, junit: report.slice(0, -5) }],
  ["the summary is missing", { exitCode: 0, stderr: "", junit: report }],
  ["the summary is not the end", { exitCode: 0, stderr: `${summary}panic\n`, junit: report }],
  ["the exit code disagrees", { exitCode: 1, stderr: summary, junit: report }],
  ["a signal ended it", { exitCode: null, stderr: summary, junit: report }],
  ["the counts disagree", { exitCode: 0, stderr: summary, junit: report.replace('"2"', '"1"') }],
];

for (const [name, run] of doubtful) {
  test(`counts as failed when ${name}`, () => {
    const result = tally(run);

    expect(result.failed).toBe(1);
    expect(result.trouble).not.toEqual([]);
  });
}
