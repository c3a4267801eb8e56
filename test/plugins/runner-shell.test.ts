import { expect, test } from "bun:test";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import shell, { plainWords } from "../../plugins/runner-shell.ts";
import { temporaryDirectory } from "../support/leftovers.ts";
import { hostOf } from "./conformance.ts";
import { tryRunner } from "./job.ts";

const run = (prompt: string, more: { cwd?: string; env?: Record<string, string> } = {}) =>
  tryRunner(shell(hostOf(null)), { prompt, ...more });

test("runs a line of the shell and says that it succeeded", async () => {
  const trial = run("for i in 1 2; do echo $i; done | tail -1");

  const exit = await trial.exit;

  expect(exit).toEqual({ ok: true, message: "", usage: null });
  expect(trial.output()).toBe("2\n");
});

test("names the exit code and the last thing that was said, errors first", async () => {
  const exits = await Promise.all([
    run("echo out; echo; exit 3").exit,
    run("echo why >&2; echo out; exit 4").exit,
    run("exit 5").exit,
    run("kill -9 $$").exit,
    run(`echo '${"x".repeat(500)}'; exit 6`).exit,
  ]);

  expect(exits.map(({ ok }) => ok)).toEqual([false, false, false, false, false]);
  expect(exits.slice(0, 4).map(({ message }) => message)).toEqual([
    "exit 3: out",
    "exit 4: why",
    "exit 5",
    "signal SIGKILL",
  ]);
  expect(exits[4]?.message.length).toBeLessThan(220);
});

test("starts a plain program without a shell, and only such a one", () => {
  const plain = ["ls", "ls -la src/a.ts", "  ls\t--color=auto  x ", "env ls", "/bin/ls x"];
  const needShell = [
    "cd src",
    "FOO=1 ls",
    "ls *.ts",
    "ls | cat",
    "ls; ls",
    "ls 'a b'",
    "ls $HOME",
    "ls ~",
    "echo hi",
    "test -f x",
    "exit 3",
    "./script.sh",
    "bin/script.sh",
    "/no/such/program",
    "/bin",
    "no-such-program-here",
    "ls\nls",
    "",
  ];

  expect(plain.map(plainWords)).toEqual([
    ["ls"],
    ["ls", "-la", "src/a.ts"],
    ["ls", "--color=auto", "x"],
    ["env", "ls"],
    ["/bin/ls", "x"],
  ]);
  expect(needShell.filter((line) => plainWords(line) !== null)).toEqual([]);
});

test("leaves a program that the task's own path does not hold to the shell", async () => {
  const trial = run("sort x", { env: { PATH: temporaryDirectory() } });

  await expect(trial.exit).rejects.toThrow("`sh` was not found");
  expect(trial.started).toEqual([
    ["sort", "x"],
    ["sh", "-c", "sort x"],
  ]);
});

test("says what the shell says of a missing program", async () => {
  const exit = await run("no-such-program-here").exit;

  expect(exit.ok).toBe(false);
  expect(exit.message).toStartWith("exit 127: ");
});

test("uses the shell that the user's settings name", async () => {
  const directory = temporaryDirectory();
  const own = join(directory, "own-shell");
  writeFileSync(own, '#!/bin/sh\necho "own: $1"\n');
  chmodSync(own, 0o755);

  const trial = tryRunner(shell(hostOf([own])), { prompt: "ls" });
  await trial.exit;

  expect(trial.output()).toBe("own: ls\n");
});
