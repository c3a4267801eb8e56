import { describe, expect, test } from "bun:test";
import { mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { commands } from "../../cli/commands.ts";
import { invoke } from "../../cli/invoke.ts";
import { readPlanFile } from "../../cli/plan-file.ts";
import { temporaryDirectory } from "../support/leftovers.ts";
import { quietTerminal } from "../support/terminal.ts";

const valid = `version: 1
name: checkout rewrite
tasks:
  - {id: schema, prompt: Add a table}
  - id: docs
    prompt: 'Say "hi" </script> \`x\` \\ [y](z)'
  - {id: payments, prompt: p}
  - {id: ui, deps: [schema], prompt: p, difficulty: 9}
  - {id: e2e, deps: [ui, payments], run: bun test}
`;

/** A folder with files, and a terminal in it that keeps what it is told. */
function world(files: Record<string, string> = {}, columns = 80) {
  const root = temporaryDirectory();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(root, name), text);
  const env = { XDG_CONFIG_HOME: join(root, "none") };
  const { terminal, told } = quietTerminal({ cwd: root, env, columns });
  const ra = (...argv: string[]) => invoke(commands, argv, terminal, "0.0.0");
  return { root, told, ra };
}

describe("ra check", () => {
  test("says that a plan is valid", async () => {
    const { told, ra } = world({ "plan.yaml": valid });

    const code = await ra("check", "plan.yaml");

    expect([code, told]).toEqual([0, { out: "plan.yaml is valid: 5 tasks in 3 waves\n", err: "" }]);
  });

  test("tells problems on standard error and exits with 2", async () => {
    const { told, ra } = world({ "plan.yaml": "version: 1\ntasks: 7\n" });

    const code = await ra("check", "plan.yaml");

    expect(code).toBe(2);
    expect(told.out).toBe("");
    expect(told.err).toContain("error[PLAN_WRONG_TYPE]: `tasks` must be a list of tasks, not `7`");
  });

  test("warns of a task that is to continue a session where there is none", async () => {
    const tasks = "[{ id: a, run: make, continueSession: true }, { id: b, prompt: p }]";
    const plan = `version: 1\ndefaults: { continueSession: true, runner: claude }\ntasks: ${tasks}\n`;
    const { told, ra } = world({ "p.yaml": plan });

    const codes = [await ra("check", "p.yaml"), await ra("check", "p.yaml", "--json")];

    const warning =
      "task `a`: `continueSession` means nothing to `shell`: its further attempts begin anew";
    expect(codes).toEqual([0, 0]);
    expect(told.err).toBe(`warning: ${warning}\n`);
    expect(JSON.parse(told.out.trimEnd().split("\n").at(-1) ?? "")).toMatchObject({
      ok: true,
      warnings: [warning],
    });
  });

  test("tells JSON on standard output", async () => {
    const { told, ra } = world({ "good.yaml": valid, "bad.yaml": "version: 1\n" });

    const codes = [
      await ra("check", "good.yaml", "--json"),
      await ra("check", "bad.yaml", "--json"),
    ];

    expect(codes).toEqual([0, 2]);
    expect(told.err).toBe("");
    expect(
      told.out
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { v: 1, ok: true, name: "checkout rewrite", tasks: 5, waves: 3 },
      {
        v: 1,
        ok: false,
        problems: [
          {
            code: "PLAN_MISSING_KEY",
            message: "`tasks` is missing",
            file: "bad.yaml",
            line: 1,
            column: 1,
            hint: "add a list of `tasks`",
          },
        ],
      },
    ]);
  });

  test("shows the problems of a config, too", async () => {
    const { told, ra } = world({ "plan.yaml": valid, "ra.config.yaml": "runner: zed\n" });

    const code = await ra("check", "plan.yaml");

    expect(code).toBe(2);
    expect(told.err).toContain(
      "error[CONFIG_UNKNOWN_RUNNER]: there is no runner `zed`\n  ra.config.yaml:1:9",
    );
  });

  test("shows text that is not UTF-8 as a problem", async () => {
    const { root, told, ra } = world();
    writeFileSync(join(root, "plan.yaml"), new Uint8Array([0x61, 0x0a, 0xff]));

    const code = await ra("check", "plan.yaml");

    expect([code, told.err]).toEqual([
      2,
      "error[PLAN_NOT_UTF8]: the file is not UTF-8 text\n  plan.yaml:2:1\n  save it as UTF-8\n",
    ]);
  });
});

describe("a plan file", () => {
  const refused = (path: string, cwd: string) =>
    readPlanFile(path, { cwd }).then(
      () => "read",
      (error: { message: string; exitCode: number }) => [error.message, error.exitCode],
    );

  test("that is missing, a folder, a pipe or too large is refused at once", async () => {
    const root = temporaryDirectory();
    mkdirSync(join(root, "folder"));
    Bun.spawnSync(["mkfifo", join(root, "pipe")]);
    writeFileSync(join(root, "large"), "");
    truncateSync(join(root, "large"), 100 * 1024 * 1024);
    const start = performance.now();

    const answers = await Promise.all(
      ["missing", "folder", "pipe", "large"].map((name) => refused(name, root)),
    );

    expect(answers).toEqual([
      ["`missing` does not exist", 2],
      ["`folder` is a directory", 2],
      ["`pipe` is not a regular file", 2],
      ["`large` is larger than 8 MB", 2],
    ]);
    expect(performance.now() - start).toBeLessThan(1000);
  });

  test("may come from standard input", async () => {
    const stdin = new Blob([valid]).stream();

    const text = await readPlanFile("-", { cwd: "/", stdin });

    expect(text).toEqual({ ok: true, value: valid });
  });

  test("without end on standard input is refused", async () => {
    const chunk = new Uint8Array(1024 * 1024);
    const stdin = new ReadableStream<Uint8Array>({ pull: (to) => to.enqueue(chunk) });

    const reading = readPlanFile("-", { cwd: "/", stdin });

    await expect(reading).rejects.toMatchObject({ exitCode: 2 });
  });
});

describe("ra graph", () => {
  async function draw(format: string, columns = 80): Promise<string> {
    const { told, ra } = world({ "plan.yaml": valid }, columns);
    expect(await ra("graph", "plan.yaml", "--format", format)).toBe(0);
    expect(told.err).toBe("");
    return told.out;
  }

  test("draws waves and names the critical path", async () => {
    expect(await draw("text")).toBe(`wave 1   schema   docs   payments
wave 2   ui ← schema
wave 3   e2e ← ui, payments

critical path   schema → ui → e2e
`);
  });

  test("wraps waves to the terminal", async () => {
    expect(await draw("text", 20)).toStartWith(
      "wave 1   schema\n         docs\n         payments\n",
    );
  });

  test("escapes an agent's text for Mermaid", async () => {
    expect(await draw("mermaid")).toBe(`flowchart LR
  t0["schema: Add a table"]
  t1["docs: Say #34;hi#34; #60;#47;script#62; #96;x#96; #92; #91;y#93;#40;z#41;"]
  t2["payments: p"]
  t3["ui: p"]
  t4["e2e"]
  t0 ==> t3
  t3 ==> t4
  t2 --> t4
`);
  });

  test("escapes an agent's text for Graphviz", async () => {
    const drawn = await draw("dot");

    expect(drawn).toContain('  t1 [label="docs: Say \\"hi\\" </script> `x` \\\\ [y](z)"];\n');
    expect(drawn).toContain("  t0 -> t3 [style=bold];\n");
    expect(drawn).toContain("  t2 -> t4;\n");
  });

  test("gives programs the same facts", async () => {
    expect(JSON.parse(await draw("json"))).toMatchObject({
      v: 1,
      waves: [["schema", "docs", "payments"], ["ui"], ["e2e"]],
      order: ["schema", "docs", "payments", "ui", "e2e"],
      criticalPath: ["schema", "ui", "e2e"],
    });
  });

  test("refuses a format it does not know", async () => {
    const { told, ra } = world({ "plan.yaml": valid });

    expect(await ra("graph", "plan.yaml", "--format", "svg")).toBe(2);
    expect(told.err).toContain("svg");
  });
});
