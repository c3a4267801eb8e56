import { head, type Malformed, task } from "./malformed.ts";

/** Plans whose tasks do not fit together. */
export const malformedTasks: readonly Malformed[] = [
  {
    name: "an id twice",
    text: `${head}  - {id: a, prompt: p}\n  - {id: b, prompt: p}\n  - {id: a, prompt: p}\n`,
    expected: [
      "PLAN_DUPLICATE_ID 5:10 the id `a` is taken | line 3 has it already; give each task its own id",
    ],
  },
  {
    name: "a number and a text that are one id",
    text: `${head}  - {id: 1, prompt: p}\n  - {id: "1", prompt: p}\n`,
    expected: [
      "PLAN_DUPLICATE_ID 4:10 the id `1` is taken | line 3 has it already; give each task its own id",
    ],
  },
  {
    name: "ids that differ by case",
    text: `${head}  - {id: Api, prompt: p}\n  - {id: api, prompt: p}\n`,
    expected: [
      "PLAN_DUPLICATE_ID 4:10 the id `api` differs from `Api` only in how it is written | line 3 has it already; give each task its own id",
    ],
  },
  {
    name: "ids that differ by normal form",
    text: `${head}  - {id: "é", prompt: p}\n  - {id: "e\u0301", prompt: p}\n`,
    expected: [
      "PLAN_BAD_ID 3:10 `id` must be 1 to 63 letters, digits, `_` or `-`, starting with a letter or digit, not `é`",
      "PLAN_BAD_ID 4:10 `id` must be 1 to 63 letters, digits, `_` or `-`, starting with a letter or digit, not `é`",
      "PLAN_DUPLICATE_ID 4:10 the id `é` differs from `é` only in how it is written | line 3 has it already; give each task its own id",
    ],
  },
  {
    name: "an unknown dependency",
    text: `${head}  - {id: payments, prompt: p}\n  - id: e2e\n    prompt: p\n    deps: [payments, payment]\n`,
    expected: [
      "PLAN_UNKNOWN_TASK 6:22 task `e2e` needs `payment`, which does not exist | did you mean `payments`?",
    ],
  },
  {
    name: "a dependency nothing resembles",
    text: `${head}  - {id: a, prompt: p, deps: [zebra]}\n`,
    expected: ["PLAN_UNKNOWN_TASK 3:31 task `a` needs `zebra`, which does not exist"],
  },
  {
    name: "a dependency on itself",
    text: `${head}  - {id: a, prompt: p, deps: [a]}\n`,
    expected: ["PLAN_SELF_DEPENDENCY 3:31 task `a` needs itself | remove it"],
  },
  {
    name: "a dependency twice",
    text: `${head}  - {id: a, prompt: p}\n  - {id: b, prompt: p, deps: [a, a]}\n`,
    expected: ["PLAN_DUPLICATE_DEPENDENCY 4:34 task `b` names `a` twice | remove one of them"],
  },
  {
    name: "dependencies as a text",
    text: `${head}  - {id: a, prompt: p}\n  - {id: b, prompt: p, deps: a}\n`,
    expected: ["PLAN_WRONG_TYPE 4:30 `deps` must be a list of task ids, not a text | write `[a]`"],
  },
  {
    name: "dependencies without a value",
    text: task("deps:"),
    expected: [
      "PLAN_WRONG_TYPE 5:5 `deps` must be a list of task ids, not empty | give it a value, or remove the key",
    ],
  },
  {
    name: "a circle of two",
    text: `${head}  - {id: a, prompt: p, deps: [b]}\n  - {id: b, prompt: p, deps: [a]}\n`,
    expected: [
      "PLAN_CYCLE 3:31 these tasks wait for each other: a → b → a | remove one of these `deps`",
    ],
  },
  {
    name: "two circles and a tail",
    text: `${head}  - {id: a, prompt: p, deps: [b]}\n  - {id: b, prompt: p, deps: [c]}\n  - {id: c, prompt: p, deps: [a]}\n  - {id: x, prompt: p, deps: [y, a]}\n  - {id: y, prompt: p, deps: [x]}\n  - {id: z, prompt: p, deps: [x]}\n`,
    expected: [
      "PLAN_CYCLE 3:31 these tasks wait for each other: a → b → c → a | remove one of these `deps`",
      "PLAN_CYCLE 6:31 these tasks wait for each other: x → y → x | remove one of these `deps`",
    ],
  },
  {
    name: "nothing to do",
    text: `${head}  - id: a\n`,
    expected: [
      "PLAN_NO_WORK 3:5 task `a` does not say what is to be done | add `prompt`, or `run` for a command",
    ],
  },
  {
    name: "a command and a prompt",
    text: task("run: make"),
    expected: [
      "PLAN_TWO_KINDS 5:5 task `a` has both `run` and `prompt` | keep one: a command or a prompt",
    ],
  },
  {
    name: "a command with an agent",
    text: `${head}  - {id: a, run: make, runner: kilo}\n`,
    expected: [
      "PLAN_WRONG_RUNNER 3:32 task `a` is a command, which `kilo` cannot run | remove `runner`, or write `prompt` instead of `run`",
    ],
  },
  {
    name: "a prompt for the shell",
    text: task("runner: shell"),
    expected: [
      "PLAN_WRONG_RUNNER 5:13 `shell` runs commands and cannot be given a prompt | write `run` instead of `prompt`, or name another runner",
    ],
  },
  {
    name: "prompts for the shell by default",
    text: `version: 1\ndefaults: { runner: shell }\n${head.slice(11)}  - {id: a, prompt: p}\n  - {id: b, prompt: p}\n  - {id: c, run: make}\n`,
    expected: [
      "PLAN_WRONG_RUNNER 2:21 `shell` runs commands and cannot be given a prompt | write `run` instead of `prompt`, or name another runner",
    ],
  },
  {
    name: "an empty prompt",
    text: `${head}  - {id: a, prompt: ""}\n`,
    expected: ["PLAN_BAD_VALUE 3:21 `prompt` must not be empty"],
  },
  {
    name: "a prompt that is too long",
    text: `${head}  - {id: a, prompt: ${"x".repeat(1_000_001)}}\n`,
    expected: ["PLAN_BAD_VALUE 3:21 `prompt` must be at most 1000000 characters long"],
  },
  {
    name: "a description that is too long",
    text: `${head}  - {id: a, description: ${"x".repeat(10_001)}}\n`,
    expected: ["PLAN_BAD_VALUE 3:26 `description` must be at most 10000 characters long"],
  },
  {
    name: "a control character in a description",
    text: `${head}  - {id: a, description: "red \\e[31m"}\n`,
    expected: [
      "PLAN_BAD_CHARACTER 3:26 `description` must be free of control characters, not `red \\u001b[31m`",
    ],
  },
  {
    name: "a NUL in a prompt",
    text: `${head}  - {id: a, prompt: "a\\0b"}\n`,
    expected: ["PLAN_BAD_VALUE 3:21 `prompt` must be free of NUL characters, not `a\\u0000b`"],
  },
  {
    name: "an unknown runner",
    text: task("runner: cladue"),
    expected: ["PLAN_UNKNOWN_RUNNER 5:13 there is no runner `cladue` | did you mean `claude`?"],
  },
  {
    name: "a runner nothing resembles",
    text: task("runner: zebra"),
    expected: [
      "PLAN_UNKNOWN_RUNNER 5:13 there is no runner `zebra` | there are: `kilo`, `claude`, `codex`, `gemini`, `opencode`, `shell`",
    ],
  },
  {
    name: "an unknown runner in defaults and models",
    text: "version: 1\ndefaults: { runner: Kilo }\nmodels:\n  gemni: { top: x }\ntasks:\n  - {id: a, prompt: p}\n",
    expected: [
      "PLAN_UNKNOWN_RUNNER 2:21 there is no runner `Kilo` | did you mean `kilo`?",
      "PLAN_UNKNOWN_RUNNER 4:3 there is no runner `gemni` | did you mean `gemini`?",
    ],
  },
  {
    name: "an unknown tier",
    text: task("tier: mit"),
    expected: [
      "PLAN_BAD_VALUE 5:11 `tier` must be `top` or `mid` or `free`, not `mit` | did you mean `mid`?",
    ],
  },
  {
    name: "an unknown tier in models",
    text: `version: 1\nmodels:\n  kilo: { best: x }\n${head.slice(11)}  - {id: a, prompt: p}\n`,
    expected: [
      "PLAN_UNKNOWN_KEY 3:11 the key `best` is not known here | known keys: `top`, `mid`, `free`",
    ],
  },
  {
    name: "a tier without a model",
    text: task("tier: mid"),
    expected: [
      "PLAN_NO_MODEL 5:11 `models` has no `mid` model for `kilo` | add `models: { kilo: { mid: MODEL } }`, or set `model`",
    ],
  },
  {
    name: "a default tier without a model",
    text: `version: 1\ndefaults: { tier: top }\nmodels: { kilo: { top: x } }\n${head.slice(11)}  - {id: a, prompt: p}\n  - {id: b, prompt: p, runner: claude}\n`,
    expected: [
      "PLAN_NO_MODEL 2:19 `models` has no `top` model for `claude` | add `models: { claude: { top: MODEL } }`, or set `model`",
    ],
  },
  {
    name: "a model that reads as an option",
    text: task("model: --yolo"),
    expected: [
      "PLAN_BAD_VALUE 5:12 `model` must not start with `-` or hold control characters, not `--yolo`",
    ],
  },
];
