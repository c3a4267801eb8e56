import { describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { concurrencyOf, loadConfig, userConfigPath } from "../../cli/config.ts";
import { InvalidFile } from "../../cli/view/problem.ts";
import { temporaryDirectory } from "../support/leftovers.ts";

const runners = ["kilo", "claude", "shell"];

/** A repository and a home with these config files. */
function world(files: { repository?: string; user?: string }) {
  const root = temporaryDirectory();
  const home = temporaryDirectory();
  if (files.repository !== undefined) writeFileSync(join(root, "ra.config.yaml"), files.repository);
  if (files.user !== undefined) {
    mkdirSync(join(home, "ra"));
    writeFileSync(join(home, "ra", "config.yaml"), files.user);
  }
  return { root, env: { XDG_CONFIG_HOME: home }, runners };
}

async function problemsOf(files: { repository?: string; user?: string }): Promise<string[]> {
  const error: unknown = await loadConfig(world(files)).catch((thrown: unknown) => thrown);
  if (!(error instanceof InvalidFile)) throw error;
  return error.reports.flatMap(({ issues }) =>
    issues.map(({ code, line, column, message }) => `${code} ${line}:${column} ${message}`),
  );
}

describe("the config", () => {
  test("is empty without files", async () => {
    const config = await loadConfig(world({}));

    expect(config).toEqual({
      override: {},
      fallback: {},
      runners: {},
      secrets: [],
      logBytesMax: 64 * 1024 * 1024,
      logs: { totalMax: 2 * 1024 ** 3, failed: "keep" },
      results: { files: 200_000, bytes: 10 * 1024 ** 3 },
      lowWaterBytes: 512 * 1024 * 1024,
      questionMs: null,
      serve: {
        ...{ plans: {}, cron: [], prompts: [], verify: null, hosts: [] },
        channels: { telegram: null, outbox: null, webhook: null },
      },
      processesMax: 8_192,
    });
  });

  test("takes flags before variables, and the repository's file before the user's", async () => {
    const { env, ...rest } = world({
      repository: "concurrency: 4\nrunners: { claude: { concurrency: 1, silence: 20m } }\n",
      user: "concurrency: 5\ntimeout: 7m\nrunner: claude\nrunners:\n  claude: { concurrency: 9, command: [npx, claude], parallel: false, model: opus, env: [MY_KEY], provider: anthropic, silence: 1h }\n",
    });

    const config = await loadConfig({
      ...rest,
      env: { ...env, RA_CONCURRENCY: "6", RA_RUNNER: "kilo", RA_TIMEOUT: "" },
      flags: { concurrency: "8" },
    });

    expect(config.override).toEqual({ concurrency: 8, runner: "kilo" });
    expect(config.fallback).toEqual({ concurrency: 4, runner: "claude", timeoutMs: 420_000 });
    expect(config.runners).toEqual({
      claude: {
        command: ["npx", "claude"],
        parallel: false,
        concurrency: 1,
        model: "opus",
        provider: "anthropic",
        silenceMs: 1_200_000,
        env: ["MY_KEY"],
      },
    });
  });

  test("adds the secrets of both files, and takes the cap of logs from the repository first", async () => {
    const config = await loadConfig(
      world({
        repository: "secrets: [A, B]\nlogs: { max: 128KB }\n",
        user: "secrets: [B, C]\nlogs: { max: 1GB }\n",
      }),
    );

    expect(config.secrets).toEqual(["A", "B", "C"]);
    expect(config.logBytesMax).toBe(128 * 1024);
  });

  test("refuses sizes and names that make no sense, at their place", async () => {
    const problems = await problemsOf({
      repository: "logs: { max: 63KB }\nsecrets: [A, B-C]\n",
      user: "logs:\n  max: 2GB\n  total: 1023KB\n  failed: perhaps\n",
    });

    expect(problems).toEqual([
      "CONFIG_BAD_SIZE 1:14 `logs.max` must be from 64KB to 1GB, not `63KB`",
      "CONFIG_BAD_VALUE 2:14 `secrets[1]` must be a name such as `DEPLOY_CODE`, not `B-C`",
      "CONFIG_BAD_SIZE 2:8 `logs.max` must be from 64KB to 1GB, not `2GB`",
      "CONFIG_BAD_SIZE 3:10 `logs.total` must be from 1MB to 1024GB, not `1023KB`",
      "CONFIG_BAD_VALUE 4:11 `failed` must be `keep` or `remove`, not `perhaps`",
    ]);
    expect(await problemsOf({ user: "logs: { max: 64 }\n" })).toEqual([
      "CONFIG_WRONG_TYPE 1:14 `max` must be a size such as `64MB`, not `64`",
    ]);
  });

  test("lets the plan's concurrency stand between variables and files", async () => {
    const files = await loadConfig(world({ user: "concurrency: 5\n" }));
    const { env, ...rest } = world({});
    const variable = await loadConfig({ ...rest, env: { ...env, RA_CONCURRENCY: "6" } });
    const none = await loadConfig(world({}));

    expect(concurrencyOf(files, { concurrency: null })).toBe(5);
    expect(concurrencyOf(files, { concurrency: 2 })).toBe(2);
    expect(concurrencyOf(variable, { concurrency: 2 })).toBe(6);
    expect(concurrencyOf(none, { concurrency: null })).toBe(3);
  });

  test("may be an empty file", async () => {
    const config = await loadConfig(world({ repository: "# nothing yet\n", user: "" }));

    expect(config.fallback).toEqual({});
  });

  test("of a repository never says what is run", async () => {
    const problems = await problemsOf({
      repository:
        "plugins: [./evil.ts]\nrunners:\n  kilo:\n    command: [sh, -c, evil]\n    parallel: true\n",
    });

    expect(problems).toEqual([
      "CONFIG_UNKNOWN_KEY 1:1 the key `plugins` is not known here",
      "CONFIG_NOT_HERE 4:5 `command` may stand only in your own config, not in a repository's",
      "CONFIG_NOT_HERE 5:5 `parallel` may stand only in your own config, not in a repository's",
    ]);
  });

  test("tells the problems of both files at once", async () => {
    const problems = await problemsOf({
      repository:
        "concurency: 3\ntimeout: 90d\nquestions: { wait: 25d }\nrunners: { kilo: { silence: 0s } }\n",
      user: "concurrency: 0\nrunner: clade\nrunners: { kilo: { command: [] }, zed: {} }\n",
    });

    expect(problems).toEqual([
      "CONFIG_UNKNOWN_KEY 1:1 the key `concurency` is not known here",
      "CONFIG_BAD_DURATION 2:10 `timeout` must be from 1ms to 24d, not `90d`",
      "CONFIG_BAD_DURATION 3:20 `questions.wait` must be from 1ms to 24d, not `25d`",
      "CONFIG_BAD_DURATION 4:29 `runners.kilo.silence` must be from 1ms to 24d, not `0s`",
      "CONFIG_BAD_VALUE 1:14 `concurrency` must be a whole number from 1 to 256, not `0`",
      "CONFIG_UNKNOWN_RUNNER 2:9 there is no runner `clade`",
      "CONFIG_BAD_VALUE 3:29 `command` must hold at least one word",
      "CONFIG_UNKNOWN_RUNNER 3:35 there is no runner `zed`",
    ]);
  });

  test.each([
    ["RA_CONCURRENCY", "0"],
    ["RA_CONCURRENCY", "257"],
    ["RA_CONCURRENCY", "3x"],
    ["RA_TIMEOUT", "30"],
    ["RA_RUNNER", "zed"],
  ])("refuses %s=%s", async (name, value) => {
    const { env, ...rest } = world({});

    const config = loadConfig({ ...rest, env: { ...env, [name]: value } });

    await expect(config).rejects.toMatchObject({ code: "BAD_SETTING", exitCode: 2 });
  });

  test("of the user stands below XDG_CONFIG_HOME, else below the home", () => {
    expect(userConfigPath({ XDG_CONFIG_HOME: "/x", HOME: "/h" })).toBe("/x/ra/config.yaml");
    expect(userConfigPath({ XDG_CONFIG_HOME: "x", HOME: "/h" })).toBe("/h/.config/ra/config.yaml");
  });
});
