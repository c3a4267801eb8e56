import { head, type Malformed, many, task } from "./malformed.ts";

/** Plans with values out of bounds, and dispatch files. */
export const malformedValues: readonly Malformed[] = [
  {
    name: "durations",
    text:
      `${head}` +
      ["30", "5 m", "-5m", "0s", "1e3s", "1.5h", "25d", ".nan", "1e308", "''", "[5m]"]
        .map((d, i) => `  - {id: t${i}, prompt: p, timeout: ${d}}\n`)
        .join(""),
    expected: [
      "PLAN_WRONG_TYPE 3:34 `timeout` must be a duration such as `30s`, `5m` or `2h`, not `30` | write `30s` for seconds or `30m` for minutes",
      "PLAN_BAD_DURATION 4:34 `timeout` must be a duration such as `30s`, `5m` or `2h`, not `5 m`",
      "PLAN_BAD_DURATION 5:34 `timeout` must be a duration such as `30s`, `5m` or `2h`, not `-5m`",
      "PLAN_BAD_DURATION 6:34 `timeout` must be from 1ms to 24d, not `0s`",
      "PLAN_BAD_DURATION 7:34 `timeout` must be a duration such as `30s`, `5m` or `2h`, not `1e3s`",
      "PLAN_BAD_DURATION 8:34 `timeout` must be a duration such as `30s`, `5m` or `2h`, not `1.5h`",
      "PLAN_BAD_DURATION 9:34 `timeout` must be from 1ms to 24d, not `25d`",
      "PLAN_WRONG_TYPE 10:34 `timeout` must be a duration such as `30s`, `5m` or `2h`, not `NaN`",
      "PLAN_WRONG_TYPE 11:34 `timeout` must be a duration such as `30s`, `5m` or `2h`, not `1e+308`",
      "PLAN_BAD_DURATION 12:34 `timeout` must be a duration such as `30s`, `5m` or `2h`",
      "PLAN_WRONG_TYPE 13:35 `timeout` must be a duration such as `30s`, `5m` or `2h`, not a list",
    ],
  },
  {
    name: "a wait that is longer than the longest",
    text: task("retries: { max: 2, backoff: 10m, maxBackoff: 1m }"),
    expected: [
      "PLAN_BAD_VALUE 5:50 `maxBackoff` is shorter than `backoff` | raise it to at least `10m`",
    ],
  },
  {
    name: "retries as a number",
    text: task("retries: 3"),
    expected: [
      "PLAN_WRONG_TYPE 5:14 `retries` must be a map such as `{ max: 3, backoff: 10s }`, not `3`",
    ],
  },
  {
    name: "retries out of range",
    text: task("retries: { max: -1 }"),
    expected: ["PLAN_BAD_VALUE 5:21 `max` must be a whole number from 0 to 100, not `-1`"],
  },
  {
    name: "concurrency out of range",
    text: `version: 1\nconcurrency: 0\n${head.slice(11)}  - {id: a, prompt: p}\n`,
    expected: ["PLAN_BAD_VALUE 2:14 `concurrency` must be a whole number from 1 to 256, not `0`"],
  },
  {
    name: "concurrency that is not whole",
    text: `version: 1\nconcurrency: 2.5\n${head.slice(11)}  - {id: a, prompt: p}\n`,
    expected: ["PLAN_BAD_VALUE 2:14 `concurrency` must be a whole number from 1 to 256, not `2.5`"],
  },
  {
    name: "concurrency without end",
    text: `version: 1\nconcurrency: .inf\n${head.slice(11)}  - {id: a, prompt: p}\n`,
    expected: [
      "PLAN_BAD_VALUE 2:14 `concurrency` must be a whole number from 1 to 256, not `Infinity`",
    ],
  },
  {
    name: "difficulty out of range",
    text: task("difficulty: 11"),
    expected: ["PLAN_BAD_VALUE 5:17 `difficulty` must be a whole number from 1 to 10, not `11`"],
  },
  {
    name: "difficulty as a text",
    text: task("difficulty: hard"),
    expected: ["PLAN_WRONG_TYPE 5:17 `difficulty` must be a whole number from 1 to 10, not a text"],
  },
  {
    name: "a wrong mode",
    text: `version: 1\nmode: atuo\n${head.slice(11)}  - {id: a, prompt: p}\n`,
    expected: [
      "PLAN_BAD_VALUE 2:7 `mode` must be `step-through` or `auto`, not `atuo` | did you mean `auto`?",
    ],
  },
  {
    name: "a wrong isolation",
    text: task("isolation: inplace"),
    expected: [
      "PLAN_BAD_VALUE 5:16 `isolation` must be `clone` or `worktree` or `in-place` or `none`, not `inplace` | did you mean `in-place`?",
    ],
  },
  {
    name: "a wrong scope",
    text: task("scope: no"),
    expected: ["PLAN_BAD_VALUE 5:12 `scope` must be `warn` or `extend` or `block`, not `no`"],
  },
  {
    name: "a flag as a text",
    text: task("parallel: no"),
    expected: ["PLAN_WRONG_TYPE 5:15 `parallel` must be `true` or `false`, not a text"],
  },
  {
    name: "globs",
    text: task(
      `touching: ["", "/etc", "../x", "a/../b", "a\\\\b", "a[b", "a{b", "a}", "a]", "a\\tb", "C:/x", "a{1..9}", "!", "[z-a]", 7]`,
    ),
    expected: [
      "PLAN_BAD_GLOB 5:16 `touching[0]` is empty | write a path relative to the repository, with `/`, `*`, `**`, `?`, `[a-z]`, `{a,b}`",
      "PLAN_BAD_GLOB 5:20 `touching[1]` is an absolute path | write a path relative to the repository, with `/`, `*`, `**`, `?`, `[a-z]`, `{a,b}`",
      "PLAN_BAD_GLOB 5:28 `touching[2]` leaves the repository with `..` | write a path relative to the repository, with `/`, `*`, `**`, `?`, `[a-z]`, `{a,b}`",
      "PLAN_BAD_GLOB 5:36 `touching[3]` leaves the repository with `..` | write a path relative to the repository, with `/`, `*`, `**`, `?`, `[a-z]`, `{a,b}`",
      "PLAN_BAD_GLOB 5:46 `touching[4]` holds a backslash | write a path relative to the repository, with `/`, `*`, `**`, `?`, `[a-z]`, `{a,b}`",
      "PLAN_BAD_GLOB 5:54 `touching[5]` opens `[` and never closes it | write a path relative to the repository, with `/`, `*`, `**`, `?`, `[a-z]`, `{a,b}`",
      "PLAN_BAD_GLOB 5:61 `touching[6]` opens `{` and never closes it | write a path relative to the repository, with `/`, `*`, `**`, `?`, `[a-z]`, `{a,b}`",
      "PLAN_BAD_GLOB 5:68 `touching[7]` closes `}` without opening it | write a path relative to the repository, with `/`, `*`, `**`, `?`, `[a-z]`, `{a,b}`",
      "PLAN_BAD_GLOB 5:74 `touching[8]` closes `]` without opening it | write a path relative to the repository, with `/`, `*`, `**`, `?`, `[a-z]`, `{a,b}`",
      "PLAN_BAD_GLOB 5:80 `touching[9]` holds a control character | write a path relative to the repository, with `/`, `*`, `**`, `?`, `[a-z]`, `{a,b}`",
      "PLAN_BAD_GLOB 5:88 `touching[10]` is an absolute path | write a path relative to the repository, with `/`, `*`, `**`, `?`, `[a-z]`, `{a,b}`",
      "PLAN_BAD_GLOB 5:96 `touching[11]` holds a range in braces | write a path relative to the repository, with `/`, `*`, `**`, `?`, `[a-z]`, `{a,b}`",
      "PLAN_BAD_GLOB 5:107 `touching[12]` is empty | write a path relative to the repository, with `/`, `*`, `**`, `?`, `[a-z]`, `{a,b}`",
      "PLAN_BAD_GLOB 5:112 `touching[13]` holds `[z-a]`, which is no set of characters | write a path relative to the repository, with `/`, `*`, `**`, `?`, `[a-z]`, `{a,b}`",
      'PLAN_WRONG_TYPE 5:121 `touching[14]` must be a text, not `7` | put it in quotes: `"7"`',
    ],
  },
  {
    name: "a glob in shared",
    text: `version: 1\nshared: [/tmp]\n${head.slice(11)}  - {id: a, prompt: p}\n`,
    expected: [
      "PLAN_BAD_GLOB 2:10 `shared[0]` is an absolute path | write a path relative to the repository, with `/`, `*`, `**`, `?`, `[a-z]`, `{a,b}`",
    ],
  },
  {
    name: "touching as a text",
    text: task("touching: src"),
    expected: [
      "PLAN_WRONG_TYPE 5:15 `touching` must be a list of paths, not a text | write `[src]`",
    ],
  },
  {
    name: "variables",
    text: task('env: { "1A": "x", "A-B": "x", PORT: 8080, ON: true, NO: , OK: "1" }'),
    expected: [
      "PLAN_BAD_VALUE 5:12 the key `1A` must be a name such as `NODE_ENV`, not `1A`",
      "PLAN_BAD_VALUE 5:23 the key `A-B` must be a name such as `NODE_ENV`, not `A-B`",
      'PLAN_WRONG_TYPE 5:41 `PORT` must be a text, not `8080` | put it in quotes: `"8080"`',
      'PLAN_WRONG_TYPE 5:51 `ON` must be a text, not `true` | put it in quotes: `"true"`',
      "PLAN_WRONG_TYPE 5:57 `NO` must be a text, not empty | give it a value, or remove the key",
    ],
  },
  {
    name: "variables as a list",
    text: task("env: [A=1]"),
    expected: ["PLAN_WRONG_TYPE 5:10 `env` must be a map, not a list"],
  },
  {
    name: "lists where maps belong",
    text: `version: 1\ndefaults: []\nmodels: [kilo]\ntasks:\n  - [a, b]\n  - {id: b, prompt: p, retries: [3]}\n`,
    expected: [
      "PLAN_WRONG_TYPE 2:11 `defaults` must be a map, not a list",
      "PLAN_WRONG_TYPE 3:9 `models` must be a map, not a list",
      "PLAN_WRONG_TYPE 5:5 `tasks[0]` must be a map, not a list",
      "PLAN_WRONG_TYPE 6:33 `retries` must be a map, not a list",
    ],
  },
  {
    name: "a key that breaks the line",
    text: 'version: 1\n"a\\e[31m\\n": 1\ntasks: [{id: a, prompt: p}]\n',
    expected: ["PLAN_UNKNOWN_KEY 2:1 the key `a\\u001b[31m\\u000a` is not known here"],
  },
  {
    name: "a base that reads as an option",
    text: `version: 1\nbase: --upload-pack=x\n${head.slice(11)}  - {id: a, prompt: p}\n`,
    expected: [
      "PLAN_BAD_VALUE 2:7 `base` must not start with `-` or hold control characters, not `--upload-pack=x`",
    ],
  },
  {
    name: "targets that are no branch",
    text: `version: 1\ntarget: -f\n${head.slice(11)}  - {id: a, prompt: p}\n`,
    expected: [
      "PLAN_BAD_REVISION 2:9 `target` must be the name of a branch, such as `main`, not `-f`",
    ],
  },
  {
    name: "a target with a space",
    text: `version: 1\ntarget: my branch\n${head.slice(11)}  - {id: a, prompt: p}\n`,
    expected: [
      "PLAN_BAD_REVISION 2:9 `target` must be the name of a branch, such as `main`, not `my branch`",
    ],
  },
  {
    name: "a target of several lines",
    text: `version: 1\ntarget: "a\\nb"\n${head.slice(11)}  - {id: a, prompt: p}\n`,
    expected: [
      "PLAN_BAD_REVISION 2:9 `target` must be the name of a branch, such as `main`, not `a\\u000ab`",
    ],
  },
  {
    name: "too many tasks",
    text: many(20_001),
    expected: ["PLAN_BAD_VALUE 3:3 `tasks` must hold at most 20000 tasks"],
  },
  {
    name: "Windows line ends",
    text: "version: 1\r\nname: x\r\ntasks:\r\n  - id: a\r\n    prompt: p\r\n    timout: 5m\r\n",
    expected: ["PLAN_UNKNOWN_KEY 6:5 the key `timout` is not known here | did you mean `timeout`?"],
  },
  {
    name: "a byte order mark",
    text: "\uFEFFvresion: 1\ntasks: [{id: a, prompt: p}]\n",
    expected: [
      "PLAN_MISSING_KEY 1:1 `version` is missing | add `version: 1` at the top",
      "PLAN_UNKNOWN_KEY 1:1 the key `vresion` is not known here | did you mean `version`?",
    ],
  },
  {
    name: "JSON with tabs",
    text: '{\n\t"version": 1,\n\t"tasks": [\n\t\t{ "id": "a", "promt": "p" }\n\t]\n}\n',
    expected: [
      "PLAN_NO_WORK 4:5 task `a` does not say what is to be done | add `prompt`, or `run` for a command",
      "PLAN_UNKNOWN_KEY 4:16 the key `promt` is not known here | did you mean `prompt`?",
    ],
  },
  {
    name: "values behind an alias",
    text: "version: 1\nname: &n [x]\ntasks:\n  - {id: a, description: *n, prompt: p}\n",
    expected: [
      "PLAN_WRONG_TYPE 2:10 `name` must be a text, not a list",
      "PLAN_WRONG_TYPE 4:26 `description` must be a text, not a list",
    ],
  },
  {
    name: "a dispatch file that is not approved",
    text: '{"status": "pending",\n "tasks": [{"id": 1, "description": "x"}]}',
    expected: [
      "PLAN_NOT_APPROVED 1:12 this dispatch file is `pending`, not `approved` | approve it, or set `status` to `approved`",
    ],
  },
  {
    name: "a dispatch file with wrong parts",
    text: '{"status": "approved", "mode": "fast",\n "tasks": [\n  {"id": 1, "description": "x", "deps": [2], "platform": "claud"},\n  {"id": 1, "difficulty": 11, "tier": "best", "platform": "shell"}]}',
    expected: [
      "PLAN_BAD_VALUE 1:32 `mode` must be `step-through` or `auto`, not `fast`",
      "PLAN_UNKNOWN_TASK 3:42 task `1` needs `2`, which does not exist",
      "PLAN_UNKNOWN_RUNNER 3:58 there is no runner `claud` | did you mean `claude`?",
      "PLAN_MISSING_KEY 4:4 `description` is missing",
      "PLAN_DUPLICATE_ID 4:10 the id `1` is taken | line 3 has it already; give each task its own id",
      "PLAN_BAD_VALUE 4:27 `difficulty` must be from 1 to 10, not `11`",
      "PLAN_BAD_VALUE 4:39 `tier` must be `top` or `mid` or `free`, not `best`",
      "PLAN_WRONG_RUNNER 4:59 `shell` runs commands and cannot be given a prompt | name a coding agent",
    ],
  },
  {
    name: "a dispatch file with a circle",
    text: '{"status": "approved", "tasks": [\n {"id": 1, "description": "x", "deps": [2]},\n {"id": 2, "description": "y", "deps": [1]}]}',
    expected: [
      "PLAN_CYCLE 2:41 these tasks wait for each other: 1 → 2 → 1 | remove one of these `deps`",
    ],
  },
];
