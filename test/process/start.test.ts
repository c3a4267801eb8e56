import { expect, test } from "bun:test";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openLog } from "../../core/process/log.ts";
import { isAlive } from "../../core/process/table.ts";
import { type ProcessRequest, startProcess } from "../../core/process.ts";
import { onTestEnd, temporaryDirectory } from "../support/leftovers.ts";
import { root, runProgram } from "../support/program.ts";

const env = { PATH: process.env.PATH ?? "/usr/bin:/bin" };

function shell(script: string, more: Partial<ProcessRequest> = {}): ProcessRequest {
  return { argv: ["sh", "-c", script], cwd: temporaryDirectory(), env, ...more };
}

async function failure(request: ProcessRequest): Promise<unknown> {
  try {
    await startProcess(request).ended;
  } catch (error) {
    return error;
  }
  throw new Error("it started");
}

test("gives lines, bytes and the exit code", async () => {
  const directory = temporaryDirectory();
  const log = openLog(join(directory, "1.log"));
  const out: string[] = [];
  const err: string[] = [];

  const running = startProcess(
    shell("printf 'one\\ntwo'; echo oops >&2; exit 3", {
      log,
      onStdout: (line) => out.push(line),
      onStderr: (line) => err.push(line),
    }),
  );
  const end = await running.ended;
  log.end();

  expect(end).toEqual({ code: 3, signal: null });
  expect(out).toEqual(["one", "two"]);
  expect(err).toEqual(["oops"]);
  expect(readFileSync(join(directory, "1.log"), "utf8")).toContain("one\ntwo");
});

test("names the signal that ended a program", async () => {
  const end = await startProcess(shell("kill -9 $$")).ended;

  expect(end).toEqual({ code: null, signal: "SIGKILL" });
});

test("writes standard input and closes it, and lives with a program that does not read it", async () => {
  const text = "x".repeat(3_000_000);
  const lines: string[] = [];

  const [reader, other] = [
    startProcess(shell("wc -c", { stdin: text, onStdout: (line) => lines.push(line.trim()) })),
    startProcess(shell("exec 0<&-; exit 4", { stdin: text })),
  ];

  expect(await reader.ended).toEqual({ code: 0, signal: null });
  expect(await other.ended).toEqual({ code: 4, signal: null });
  expect(lines).toEqual(["3000000"]);
});

test("gives an empty standard input when there is none, and a session of its own", async () => {
  const lines: string[] = [];

  const running = startProcess(
    shell("cat; cut -d' ' -f5,6 /proc/self/stat", { onStdout: (line) => lines.push(line) }),
  );
  await running.ended;

  expect(lines).toEqual([`${running.identity.pid} ${running.identity.pid}`]);
});

test("tells a missing program, a missing directory and one that may not run apart", async () => {
  const directory = temporaryDirectory();
  const [plain, bare] = [join(directory, "plain"), join(directory, "bare")];
  writeFileSync(plain, "text");
  writeFileSync(bare, "echo hi\n");
  chmodSync(bare, 0o755);

  const failures = await Promise.all([
    failure({ argv: ["no-such-program"], cwd: directory, env }),
    failure({ argv: ["true"], cwd: join(directory, "gone"), env }),
    failure({ argv: ["true"], cwd: plain, env }),
    failure({ argv: [plain], cwd: directory, env }),
    failure({ argv: [bare], cwd: directory, env }),
    failure({ argv: ["true", "x".repeat(300_000)], cwd: directory, env }),
  ]);

  expect(failures.map((error) => (error as { code: string }).code)).toEqual([
    "PROGRAM_NOT_FOUND",
    "DIRECTORY_NOT_FOUND",
    "DIRECTORY_NOT_FOUND",
    "PROGRAM_NOT_EXECUTABLE",
    "PROGRAM_NOT_EXECUTABLE",
    "PROGRAM_ARGUMENTS_TOO_LONG",
  ]);
  expect((failures[0] as Error).message).toBe("`no-such-program` was not found");
});

test("ends although a grandchild holds the output, with all that was printed before", async () => {
  const lines: string[] = [];
  const running = startProcess(
    shell("echo before; sleep 300 & echo $!", { onStdout: (line) => lines.push(line) }),
  );
  onTestEnd(async () => void (await running.end(0)));

  const started = performance.now();
  const end = await running.ended;

  expect(end.code).toBe(0);
  expect(performance.now() - started).toBeLessThan(4_000);
  expect(lines[0]).toBe("before");
  await running.end(1_000);
  expect(isAlive({ pid: Number(lines[1]), startTicks: null })).toBe(false);
});

test.each([
  ["lines", 200_000_000, "yes 'a line of a flood of lines' | head -c 200000000"],
  ["one endless line", 400_000_000, "head -c 400000000 /dev/zero"],
])(
  "keeps memory and disk small under a flood of %s",
  async (_, size, flood) => {
    const directory = temporaryDirectory();
    const path = join(directory, "log");

    // In a process of its own: what others have used before decides when garbage is looked for.
    const script = join(root, "test/support/flooded.ts");
    const { out } = await runProgram([process.execPath, script, directory, path, flood]);

    const { grown, longest, bytes } = JSON.parse(out);
    expect(grown).toBeLessThan(150_000_000);
    expect(longest).toBeLessThanOrEqual(1024 * 1024);
    expect(bytes).toBeGreaterThan(size / 2);
    expect(readFileSync(path).length).toBeLessThan(1024 * 1024 + 100);
  },
  // It takes 2 s of a processor, of which a busy machine gives a tenth.
  120_000,
);

test("hands a throw of the reader on, after the program has ended on its own", async () => {
  const cwd = temporaryDirectory();

  const running = startProcess(
    shell("echo a; head -c 1000000 /dev/zero; touch finished", {
      cwd,
      onStdout: () => {
        throw new Error("reader broke");
      },
    }),
  );

  await expect(running.ended).rejects.toThrow("reader broke");
  expect(existsSync(join(cwd, "finished"))).toBe(true);
});
