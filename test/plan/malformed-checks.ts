import { head, type Malformed } from "./malformed.ts";

/** Plans whose checks or whose ways with conflicts do not fit. */
export const malformedChecks: readonly Malformed[] = [
  {
    name: "commands that are to resolve a conflict",
    text: `version: 1
name: x
defaults: { onConflict: agent }
tasks:
  - {id: a, run: make}
  - {id: b, run: make, onConflict: agent}
  - {id: c, run: make, onConflict: retry}
  - {id: d, prompt: p}
`,
    expected: [
      "PLAN_NO_RESOLVER 5:13 task `a` is a command, which cannot resolve a conflict as `onConflict: agent` asks | write for it `onConflict: retry`, or name an agent: `resolver: { runner: kilo }`",
      "PLAN_NO_RESOLVER 6:36 task `b` is a command, which cannot resolve a conflict as `onConflict: agent` asks | write `onConflict: retry`, or name an agent: `resolver: { runner: kilo }`",
    ],
  },
  {
    name: "resolvers that cannot resolve",
    text:
      `${head}` +
      ["shell", "kelo", "3"]
        .map(
          (name, i) =>
            `  - {id: t${i}, run: make, onConflict: agent, resolver: { runner: ${name} }}\n`,
        )
        .join(""),
    expected: [
      "PLAN_WRONG_RUNNER 3:64 `shell` runs commands and cannot resolve a conflict | name a coding agent",
      "PLAN_UNKNOWN_RUNNER 4:64 there is no runner `kelo` | did you mean `kilo`?",
      'PLAN_WRONG_TYPE 5:64 `runner` must be a text, not `3` | put it in quotes: `"3"`',
    ],
  },
  {
    name: "checks of a wrong shape",
    text:
      `${head}` +
      ["3", "[make]", "{ run: make, tries: 0 }", "{ timeout: 5m }", "{ run: make, timeout: 5 }"]
        .concat("{ run: make, timeout: 25d, retries: 2 }", "''", "{ run: '' }")
        .map((check, i) => `  - {id: t${i}, prompt: p, verify: ${check}}\n`)
        .join(""),
    expected: [
      "PLAN_WRONG_TYPE 3:33 `verify` must be a command, or a map such as `{ run: npm test, timeout: 10m, tries: 2 }`, not `3`",
      "PLAN_WRONG_TYPE 4:33 `verify` must be a command, or a map such as `{ run: npm test, timeout: 10m, tries: 2 }`, not a list",
      "PLAN_BAD_VALUE 5:53 `tries` must be a whole number from 1 to 20, not `0`",
      "PLAN_MISSING_KEY 6:35 `run` is missing",
      "PLAN_WRONG_TYPE 7:55 `timeout` must be a duration such as `30s`, `5m` or `2h`, not `5` | write `5s` for seconds or `5m` for minutes",
      "PLAN_BAD_DURATION 8:55 `timeout` must be from 1ms to 24d, not `25d`",
      "PLAN_UNKNOWN_KEY 8:60 the key `retries` is not known here | did you mean `tries`?",
      "PLAN_BAD_VALUE 9:33 `verify` must not be empty",
      "PLAN_BAD_VALUE 10:40 `run` must not be empty",
    ],
  },
];
