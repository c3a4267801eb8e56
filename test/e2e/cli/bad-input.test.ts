import { expect, test } from "bun:test";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { parseArguments } from "../../../cli/args.ts";
import { commands } from "../../../cli/commands.ts";
import { raBinary } from "../../support/binary.ts";
import { root, runProgram } from "../../support/program.ts";
import { type TestRepository, testRepository } from "../../support/repository.ts";

const bomb = [
  "version: 1",
  "a: &a [x, x, x, x, x, x, x, x, x]",
  ...["b", "c", "d", "e", "f", "g", "h", "i"].map((key, i) => {
    const before = "abcdefghi"[i];
    return `${key}: &${key} [${Array(9).fill(`*${before}`).join(", ")}]`;
  }),
  "tasks: [{id: a, run: 'true'}]",
].join("\n");

/** What somebody may name as a plan, and what is said of it. */
const plans: readonly (readonly [name: string, make: (path: string) => void, said: RegExp])[] = [
  ["a file of 100 MB", (path) => huge(path), /is larger than 8 MB/],
  ["a directory", (path) => mkdirSync(path), /is a directory/],
  ["a named pipe", (path) => void Bun.spawnSync(["mkfifo", path]), /is not a regular file/],
  ["nothing", () => {}, /does not exist\nfix: check the path/],
  [
    "bytes that are not UTF-8",
    (path) => writeFileSync(path, Buffer.from([0x76, 0xff, 0xfe])),
    /UTF-8/,
  ],
  ["an empty file", (path) => writeFileSync(path, ""), /empty/],
  ["two documents", (path) => writeFileSync(path, "version: 1\n---\nversion: 1\n"), /document/],
  ["an alias bomb", (path) => writeFileSync(path, bomb), /alias|too large|anchor/],
  ["broken YAML", (path) => writeFileSync(path, "tasks: [\n"), /plan\.yaml:\d+:\d+/],
  [
    "a misspelt key",
    (path) => writeFileSync(path, "version: 1\ntaks: []\n"),
    /did you mean `tasks`/,
  ],
  [
    "a circle",
    (path) =>
      writeFileSync(
        path,
        "version: 1\ntasks:\n- {id: a, run: x, deps: [b]}\n- {id: b, run: x, deps: [a]}\n",
      ),
    /a → b → a|b → a → b/,
  ],
];

for (const [name, make, said] of plans) {
  test(`refuses ${name} as a plan, and leaves no trace`, async () => {
    const repository = testRepository();
    make(join(repository.top, "plan.yaml"));

    const result = await repository.ra("dispatch", "../plan.yaml", "--auto");

    expect(result.code).toBe(2);
    expect(result.stdout).toBe("");
    expect(result.stderr).toMatch(/^error\[[A-Z0-9_]+\]: [a-z`]/);
    expect(result.stderr).toMatch(said);
    expect(untouched(repository)).toBe(true);
  });
}

test("reads a plan from standard input", async () => {
  const repository = testRepository();
  const ra = await raBinary();
  const pipe = (text: string, command: string) =>
    runProgram(["sh", "-c", `printf '${text}' | ${ra} ${command}`], {
      cwd: repository.dir,
      env: repository.env,
    });

  const good = await pipe(
    "version: 1\\ntasks: [{id: a, run: echo a > a.txt}]\\n",
    "dispatch - --auto",
  );
  const bad = await pipe("version: 1\\ntasks: []\\n", "check -");

  expect(good.code).toBe(0);
  expect(repository.git("ls-files")).toBe("README.md\na.txt");
  expect(bad.code).toBe(2);
  expect(bad.err).toContain("standard input:2:");
});

test("checks and draws a plan in every format without running anything", async () => {
  const repository = testRepository();
  const plan = repository.plan([
    { id: "a", run: "touch ran" },
    { id: "b", run: "touch ran", deps: ["a"] },
  ]);

  const check = await repository.ra("check", plan);
  const formats = ["text", "mermaid", "dot", "json"];
  const drawn = await Promise.all(
    formats.map((format) => repository.ra("graph", plan, "--format", format)),
  );

  expect(check.stdout).toMatch(/ is valid: 2 tasks in 2 waves\n$/);
  expect(drawn.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
  expect(drawn.map(({ stdout }) => /flowchart|digraph|\{|wave/.test(stdout))).toEqual([
    true,
    true,
    true,
    true,
  ]);
  expect(JSON.parse(drawn[3]?.stdout ?? "")).toBeObject();
  expect(untouched(repository)).toBe(true);
});

test("prints a JSON Schema of plans, events and the config", async () => {
  const repository = testRepository(null);

  const printed = await Promise.all(
    ["plan", "events", "config"].map((name) => repository.ra("schema", name)),
  );
  const unknown = await repository.ra("schema", "plans");

  const schemas = printed.map(({ stdout }) => JSON.parse(stdout));
  expect(schemas.map(({ $schema }) => $schema)).toEqual(
    Array(3).fill("http://json-schema.org/draft-07/schema#"),
  );
  expect(unknown.code).toBe(2);
  expect(readdirSync(repository.dir)).toEqual([]);
});

test("has help for every command, with examples that are well-formed", async () => {
  const repository = testRepository(null);

  const helps = await Promise.all(commands.map(({ name }) => repository.ra(name, "--help")));

  for (const [i, help] of helps.entries()) {
    const examples = /\nExamples:\n([\s\S]*?)\n\n/.exec(help.stdout)?.[1]?.split("\n") ?? [];
    expect(help.code).toBe(0);
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) {
      const words =
        example
          .trim()
          .replace(/ [<>] .*/, "")
          .match(/"[^"]*"|\S+/g) ?? [];
      const request = parseArguments(
        commands,
        words.slice(1).map((word) => word.replaceAll('"', "")),
      );
      expect(request).toMatchObject({ kind: "command", command: { name: commands[i]?.name } });
    }
  }
});

test("names in its messages only commands that there are", async () => {
  const known = new Set([...commands.map(({ name }) => name), "help"]);
  const named = [...new Bun.Glob("{cli,core,plugins}/**/*.ts").scanSync(root)].flatMap((file) => {
    const text = readFileSync(join(root, file), "utf8");
    return [...text.matchAll(/\\`ra ([a-z]+)|"[^"\n]*`ra ([a-z]+)/g)].map(
      (match) => match[1] ?? match[2] ?? "",
    );
  });

  const unknown = named.filter((name) => !known.has(name));

  expect(named.length).toBeGreaterThan(10);
  expect(unknown).toEqual([]);
});

/** A hole: as large as it says, and nothing on the disk. */
function huge(path: string): void {
  closeSync(openSync(path, "w"));
  truncateSync(path, 100 * 1024 * 1024);
}

function untouched(repository: TestRepository): boolean {
  const traces = [".ra", ".git/ra", "ran", "../workspaces", "../home/state"];
  return traces.every((path) => !existsSync(join(repository.dir, path)));
}
