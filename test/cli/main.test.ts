import { expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "../support/leftovers.ts";
import { root, runProgram } from "../support/program.ts";

const main = join(root, "cli", "main.ts");
const terminal = join(root, "cli", "terminal.ts");

/** A program of a few lines that uses the real terminal. */
function script(body: string): readonly string[] {
  const path = join(temporaryDirectory(), "script.ts");
  const opening = `import { processTerminal } from ${JSON.stringify(terminal)};
const terminal = processTerminal({ json: false });\n`;
  writeFileSync(path, opening + body);
  return [process.execPath, path];
}

/** The real main over a command `act` with the given body. */
function programWith(body: string): readonly string[] {
  const directory = temporaryDirectory();
  const cli = join(directory, "cli");
  mkdirSync(cli);
  writeFileSync(join(directory, "package.json"), '{"version":"9.9.9"}');
  writeFileSync(join(cli, "main.ts"), readFileSync(main, "utf8"));
  for (const name of ["terminal", "invoke", "fault", "crash"]) {
    writeFileSync(join(cli, `${name}.ts`), `export * from "${join(root, "cli", `${name}.ts`)}";`);
  }
  writeFileSync(
    join(cli, "commands.ts"),
    `const options = [{ flags: "--json", about: "" }];
const run = async ({ terminal }) => { ${body} };
export const commands = [
  { name: "act", args: "", summary: "", options, examples: [], load: async () => ({ run }) },
];`,
  );
  return [process.execPath, join(cli, "main.ts"), "act"];
}

test("prints the version of package.json", async () => {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

  const [long, short] = await Promise.all([
    runProgram([process.execPath, main, "--version"]),
    runProgram([process.execPath, main, "-V"]),
  ]);

  expect(long).toEqual({ code: 0, out: `ra ${version}\n`, err: "" });
  expect(short).toEqual(long);
});

test("prints the overview and succeeds when nothing is asked", async () => {
  const result = await runProgram([process.execPath, main]);

  expect(result.code).toBe(0);
  expect(result.out).toContain("Usage: ra <command>");
});

test("ends with the exit code of the body, and with what it started", async () => {
  const argv = programWith('setInterval(() => {}, 1000); terminal.out("x"); return 7;');

  const result = await runProgram(argv);

  expect(result).toEqual({ code: 7, out: "x", err: "" });
});

test("tells a bug in one line, with the rest in a file only its owner can read", async () => {
  const state = temporaryDirectory();
  const argv = programWith("return undefined.x;");

  const result = await runProgram(argv, { env: { XDG_STATE_HOME: state } });

  const [name] = readdirSync(join(state, "ra", "crash"));
  const path = join(state, "ra", "crash", name ?? "");
  expect(result.code).toBe(70);
  expect(result.out).toBe("");
  expect(result.err).toMatch(/^error\[INTERNAL\]: a fault in ra itself: .*\nfix: report it with/);
  expect(result.err).toContain(path);
  expect(result.err).not.toContain("commands.ts");
  expect(readFileSync(path, "utf8")).toContain("commands.ts");
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("tells a bug as JSON when JSON is asked for", async () => {
  const argv = [...programWith("return undefined.x;"), "--json"];

  const result = await runProgram(argv, { env: { XDG_STATE_HOME: temporaryDirectory() } });

  expect(result.code).toBe(70);
  expect(JSON.parse(result.out)).toMatchObject({ v: 1, ok: false, error: { code: "INTERNAL" } });
});

test("tells a bug even where its file cannot be written", async () => {
  const argv = programWith("return undefined.x;");

  const result = await runProgram(argv, { env: { XDG_STATE_HOME: "/dev/null" } });

  expect(result.code).toBe(70);
  expect(result.err).toStartWith("error[INTERNAL]: a fault in ra itself: ");
});

test("takes a rejection that nobody handles for a bug", async () => {
  const argv = programWith(
    'Promise.reject(new Error("lost")); await new Promise((r) => setTimeout(r, 60_000)); return 0;',
  );

  const result = await runProgram(argv, { env: { XDG_STATE_HOME: temporaryDirectory() } });

  expect(result.code).toBe(70);
  expect(result.err).toContain("a fault in ra itself: lost");
});

test("takes a body that waits for nothing for a bug", async () => {
  const argv = programWith("await new Promise(() => {}); return 0;");

  const result = await runProgram(argv, { env: { XDG_STATE_HOME: temporaryDirectory() } });

  expect(result.code).toBe(70);
  expect(result.err).toContain("nothing was left to wait for");
});

test("writes big output whole into a pipe that does not block, before it exits", async () => {
  const [bun, path] = script(`import { dlopen } from "bun:ffi";
import { constants } from "node:fs";
const library = process.platform === "darwin" ? "libSystem.dylib" : "libc.so.6";
const { fcntl } = dlopen(library, { fcntl: { args: ["i32", "i32", "i32"], returns: "i32" } }).symbols;
fcntl(1, 4, constants.O_WRONLY | constants.O_NONBLOCK);
terminal.out("x".repeat(5_000_000));
process.exit(4);`);

  const result = await runProgram(["bash", "-c", `${bun} ${path} | wc -c; exit \${PIPESTATUS[0]}`]);

  expect([result.code, Number(result.out)]).toEqual([4, 5_000_000]);
});

test("goes on quietly when the reader has gone, and says so to who wants to know", async () => {
  const [bun, path] = script(
    `while (!terminal.outputClosed.aborted) terminal.out("line\\n".repeat(1000));
terminal.out("more");
terminal.err("still here");
process.exit(3);`,
  );

  const result = await runProgram(["bash", "-c", `${bun} ${path} | true; exit \${PIPESTATUS[0]}`]);

  expect(result).toEqual({ code: 3, out: "", err: "still here" });
});

for (const asked of ["--help", "--version"]) {
  test(`tells when the output of ${asked} cannot be stored`, async () => {
    const command = `${process.execPath} ${main} ${asked} > /dev/full`;

    const result = await runProgram(["sh", "-c", command]);

    expect(result.code).toBe(6);
    expect(result.err).toContain("error[OUTPUT]: standard output cannot be written: ENOSPC");
  });
}

test("tells when the working directory has gone", async () => {
  const argv = programWith("return terminal.cwd.length;");
  const [bun, path] = argv;

  const result = await runProgram([
    "sh",
    "-c",
    `mkdir gone && cd gone && rmdir ../gone && ${bun} ${path} act`,
  ]);

  expect(result.code).toBe(6);
  expect(result.err).toContain("the working directory does not exist any more");
});
