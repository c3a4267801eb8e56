import { describe, expect, test } from "bun:test";
import type { CommandBody, CommandSpec, Terminal } from "../../cli/command.ts";
import { commands } from "../../cli/commands.ts";
import { invoke } from "../../cli/invoke.ts";
import { ExitCode, RaError } from "../../core/error.ts";
import { quietTerminal } from "../support/terminal.ts";

function fakeTerminal(color = false): { terminal: Terminal; out: string[]; err: string[] } {
  const out: string[] = [];
  const err: string[] = [];
  const { terminal } = quietTerminal({
    color,
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
  });
  return { terminal, out, err };
}

function specOf(run: CommandBody): CommandSpec {
  const options = [{ flags: "--json", about: "print JSON" }];
  const load = () => Promise.resolve({ run });
  return { name: "act", args: "[what]", summary: "act", options, examples: ["ra act"], load };
}

const unfit = new RaError({
  code: "GIT_MISSING",
  exitCode: ExitCode.environment,
  message: "git is \u001b[31mnot\u001b[0m here",
  hint: "install git",
});

test("gives the body its arguments and takes its exit code", async () => {
  const { terminal, out } = fakeTerminal();
  const spec = specOf(async ({ args, options, terminal: given }) => {
    given.out(JSON.stringify([args, options]));
    return ExitCode.notLanded;
  });

  const code = await invoke([spec], ["act", "007", "--json"], terminal, "1.2.3");

  expect(code).toBe(7);
  expect(out).toEqual(['[["007"],{"json":true}]']);
});

test("loads no body for help", async () => {
  const { terminal, out } = fakeTerminal();
  const spec = { ...specOf(async () => 0), load: () => Promise.reject(new Error("loaded")) };

  const code = await invoke([spec], ["act", "--help"], terminal, "1.2.3");

  expect(code).toBe(0);
  expect(out.join("")).toContain("Usage: ra act [what] [options]");
});

describe("what a person must mend", () => {
  const failing = specOf(() => Promise.reject(unfit));

  test("goes to standard error with its code and its fix, made safe to print", async () => {
    const { terminal, out, err } = fakeTerminal();

    const code = await invoke([failing], ["act"], terminal, "1.2.3");

    expect(code).toBe(6);
    expect(out).toEqual([]);
    expect(err).toEqual(["error[GIT_MISSING]: git is not here\nfix: install git\n"]);
  });

  test("is told also when closing what was open failed because of it", async () => {
    const { terminal, told } = quietTerminal();
    const spec = specOf(async () => {
      await using _registry = {
        async [Symbol.asyncDispose]() {
          throw new Error("cannot be closed");
        },
      };
      throw unfit;
    });

    const code = await invoke([spec], ["act"], terminal, "1.2.3");

    expect(code).toBe(6);
    expect(told.err).toStartWith("error[GIT_MISSING]");
  });

  test("is coloured where the terminal wants colour", async () => {
    const { terminal, err } = fakeTerminal(true);

    await invoke([failing], ["act"], terminal, "1.2.3");

    expect(err.join("")).toStartWith("\u001b[1;31merror[GIT_MISSING]\u001b[0m: ");
  });

  test("is one JSON object on standard output with --json", async () => {
    const { terminal, out, err } = fakeTerminal();

    const code = await invoke([failing], ["act", "--json"], terminal, "1.2.3");

    expect(code).toBe(6);
    expect(err).toEqual([]);
    expect(out.map((line) => JSON.parse(line))).toEqual([
      {
        v: 1,
        ok: false,
        error: { code: "GIT_MISSING", message: unfit.message, hint: "install git" },
      },
    ]);
  });

  test("is JSON also when the command line itself is wrong", async () => {
    const { terminal, out } = fakeTerminal();

    const code = await invoke([failing], ["atc", "--json"], terminal, "1.2.3");

    expect(code).toBe(2);
    expect(JSON.parse(out.join("")).error.hint).toBe("did you mean `ra act`?");
  });

  test("is text when --json stands behind the double dash", async () => {
    const { terminal, err } = fakeTerminal();

    await invoke([failing], ["act", "--", "--json"], terminal, "1.2.3");

    expect(err.join("")).toContain("error[GIT_MISSING]");
  });
});

test("lets a bug pass through", async () => {
  const { terminal } = fakeTerminal();
  const spec = specOf(() => Promise.reject(new TypeError("x is undefined")));

  const running = invoke([spec], ["act"], terminal, "1.2.3");

  await expect(running).rejects.toThrow("x is undefined");
});

describe("the commands of ra", () => {
  test("are all in the overview, which fits 80 columns", async () => {
    const { terminal, out } = fakeTerminal();

    await invoke(commands, [], terminal, "1.2.3");

    const lines = out.join("").split("\n");
    for (const { name } of commands) {
      expect(lines.some((line) => line.startsWith(`  ${name} `))).toBe(true);
    }
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
  });

  for (const spec of commands) {
    test(`${spec.name} has help with every option, within 80 columns`, async () => {
      const { terminal, out } = fakeTerminal();

      await invoke(commands, ["help", spec.name], terminal, "1.2.3");

      const help = out.join("");
      for (const { flags } of spec.options) expect(help).toContain(flags);
      for (const example of spec.examples) expect(help).toContain(example);
      expect(help.split("\n").filter((line) => line.length > 80)).toEqual([]);
    });
  }

  test("have examples that their own options allow", async () => {
    const wrong: string[] = [];
    const harmless = commands.map((spec) => ({
      ...spec,
      load: () => Promise.resolve({ run: async () => ExitCode.ok }),
    }));
    for (const example of commands.flatMap((spec) => spec.examples)) {
      const { terminal, err } = fakeTerminal();
      const words = example.replace(/ [<>] .*/, "").match(/"[^"]*"|\S+/g) ?? [];
      const argv = words.slice(1).map((word) => word.replaceAll('"', ""));

      const code = await invoke(harmless, argv, terminal, "1.2.3");

      if (code !== ExitCode.ok) wrong.push(`${example}: ${err.join("")}`);
    }

    expect(wrong).toEqual([]);
  });
});
